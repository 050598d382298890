"""Dates of vendors: certain ones are kept, ambiguous ones are not guessed."""

import pytest

from ingest.mapping.recording import seconds_between
from ingest.mapping.times import (
    from_filetime,
    from_iso,
    from_local_and_unix,
    from_local_text,
    from_ole_days,
)


@pytest.mark.parametrize(
    ("date", "time", "expected"),
    [
        ("27.08.2016", "20:54:33", "2016-08-27T20:54:33"),
        ("27/08/2016", "20:55:20", "2016-08-27T20:55:20"),
        ("8/29/2017", "1:58:43 PM", "2017-08-29T13:58:43"),
        ("8/8/2016", "12:26:37 AM", "2016-08-08T00:26:37"),
        ("3/4/2017", "12:00:00 PM", "2017-03-04T12:00:00"),
        ("3/4/2017", "15:00:00", None),
        ("3.4.2017", "15:00:00", "2017-04-03T15:00:00"),
        ("2017-04-03", "", "2017-04-03"),
        ("31/31/2017", "15:00:00", None),
        ("27.08.2016", "29:99:00", None),
        ("yesterday", "noon", None),
        ("01/31/19", "18:53:22", "2019-01-31T18:53:22"),
        ("31/12/85", "23:59:59.25", "1985-12-31T23:59:59.25"),
        ("12/14/2019", "3:14:24.5 PM", "2019-12-14T15:14:24.5"),
    ],
)
def test_local_texts(date: str, time: str, expected: str | None) -> None:
    found = from_local_text(date, time)
    assert found == (None if expected is None else {"value": expected, "zone": "unknown"})


def test_filetime_is_utc() -> None:
    assert from_filetime(1.3220483561436376e17) == "2019-12-10T20:32:41.436376Z"
    assert from_filetime(1e300) is None
    assert from_filetime(0.0) is None


def test_ole_days_have_no_zone() -> None:
    assert from_ole_days(42339.653470046294) == {"value": "2015-12-01T15:40:59.812", "zone": "unknown"}
    assert from_ole_days(-1e300) is None
    assert from_ole_days(0.0) is None


def test_unix_time_beside_a_local_one_tells_the_offset() -> None:
    assert (
        from_local_and_unix("2019-06-06T13:30:00.164675", 1559820600.164675)
        == "2019-06-06T13:30:00.164675+02:00"
    )
    assert from_local_and_unix("2019-06-06T13:30:00", None) == {
        "value": "2019-06-06T13:30:00",
        "zone": "unknown",
    }
    assert from_local_and_unix("2019-06-06T13:30:00", 1.0) == {
        "value": "2019-06-06T13:30:00",
        "zone": "unknown",
    }


@pytest.mark.parametrize(
    ("start", "end", "seconds"),
    [
        ("12:06:09 PM", "12:23:57 PM", 1068.0),
        ("11:59:30 PM", "12:00:30 AM", 60.0),
        ("16:09:21", "16:19:19", 598.0),
        ("2021-05-07T16:51:10.5Z", "2021-05-07T16:51:11Z", 0.5),
        ("2021-05-07T16:51:11Z", "2021-05-07T16:51:10Z", None),
        ("", "16:19:19", None),
        ("29:00:00", "16:19:19", None),
    ],
)
def test_seconds_between_two_clocks(start: str, end: str, seconds: float | None) -> None:
    assert seconds_between(start, end) == seconds


def test_iso_with_nanoseconds_and_without_sense() -> None:
    assert from_iso("2021-05-07T16:51:10.905800928Z") == "2021-05-07T16:51:10.9058Z"
    assert from_iso("1899-12-30T00:00:00Z") is None
    assert from_iso("not a time") is None
