"""What the table costs, counted: questions to the database and bytes, for forty measurements and for three thousand."""

import json
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from repository.models import DataFile, Deposit, Finding, Measurement
from tests.api.test_table import Session, for_all, for_some

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stemma_home", "unthrottled")]

LARGEST_ANSWER = 20_000
MOST_QUESTIONS_OF_A_PAGE = 16
MOST_QUESTIONS_OF_AN_ANSWER = 62


def count(act: Any) -> tuple[int, Any]:
    with CaptureQueriesContext(connection) as captured:
        answer = act()
    assert answer.status_code == 200, answer.content
    return len(captured.captured_queries), answer


def multiply(session: Session, number: int) -> None:
    """Make more measurements like the first, with its cells; the files are not stored."""
    first = Measurement.objects.get(pk=session.ids[0])
    files = DataFile.objects.bulk_create(
        DataFile(
            deposit=session.deposit, path=f"more/scan_{n:04}.raw", size=1, sha256=f"{n:064x}", state="stored"
        )
        for n in range(number)
    )
    Measurement.objects.bulk_create(
        Measurement(
            deposit=session.deposit,
            primary_file=file,
            ordinal=10 + n,
            format=first.format,
            state=first.state,
            techniques=first.techniques,
            kind=first.kind,
            cells=first.cells,
            document=first.document,
            extracted=first.extracted,
            judged_from=first.judged_from,
        )
        for n, file in enumerate(files)
    )


def test_one_answer_among_forty_is_small_and_asks_no_more_than_among_two(client: Any) -> None:
    asked, sizes = [], []
    for number in (2, 40):
        session = Session(client, *["four_d_stem"] * 2)
        multiply(session, number - 2)
        session.answer(for_some("notes", "warm", session.ids[0]))  # what is compiled and cached once
        n_asked, answer = count(lambda: session.send(for_some("dwell_time", "1 ms", session.ids[0])))  # noqa: B023
        asked.append(n_asked)
        sizes.append(len(answer.content))
    assert sizes[1] <= LARGEST_ANSWER
    assert asked[0] == asked[1] <= MOST_QUESTIONS_OF_AN_ANSWER, asked


def for_one_kind(field: str, value: str, ids: list[str]) -> dict[str, Any]:
    return {"field": field, "level": "kind", "keys": ["annular"], "value": value}


def for_each(field: str, value: str, ids: list[str]) -> dict[str, Any]:
    return for_some(field, value, *ids)


def for_every(field: str, value: str, ids: list[str]) -> dict[str, Any]:
    return for_all(field, value)


@pytest.mark.parametrize("build", [for_every, for_one_kind, for_each])
def test_an_answer_for_many_is_small_and_asks_no_more_than_for_few(client: Any, build: Any) -> None:
    asked = []
    for number in (10, 40):
        session = Session(client, "annular", "annular")
        multiply(session, number - 2)
        ids = list(Measurement.objects.filter(deposit=session.deposit).values_list("pk", flat=True))
        session.answer(for_all("notes", "warm"))  # what is compiled and cached once
        n_asked, answer = count(lambda: session.send(build("probe_current", "30 pA", ids)))  # noqa: B023
        asked.append(n_asked)
        assert len(answer.content) <= LARGEST_ANSWER
        told = Measurement.objects.filter(deposit=session.deposit, cells__probe_current__text="30 pA")
        assert told.count() == number
    assert asked[0] == asked[1] <= MOST_QUESTIONS_OF_AN_ANSWER, asked


def test_three_thousand_measurements_come_in_pages_at_the_same_cost(client: Any) -> None:
    session = Session(client, "four_d_stem", "annular")
    few, _ = count(lambda: client.get(session.address, headers=session.headers))
    multiply(session, 3000)
    address: str | None = f"{session.address}?page_size=200"
    seen: list[str] = []
    while address is not None:
        n_asked, answer = count(lambda: client.get(address, headers=session.headers))  # noqa: B023
        assert n_asked <= few <= MOST_QUESTIONS_OF_A_PAGE, (n_asked, few)
        page = answer.json()
        seen += [row["id"] for row in page["rows"]]
        assert page["count"] == 3002
        address = page["next"] and "?".join(urlsplit(page["next"])[2:4])
    assert len(seen) == len(set(seen)) == 3002
    assert Deposit.objects.get(pk=session.deposit.pk).revision >= 1


def test_an_answer_for_three_thousand_chosen_files_is_one_request(client: Any) -> None:
    session = Session(client, "annular")
    multiply(session, 3000)
    ids = list(Measurement.objects.filter(deposit=session.deposit).values_list("pk", flat=True))
    looked = session.send({"field": "dwell_time", "keys": ids, "value": "1 us"}, dry_run=True)
    assert looked.status_code == 200
    assert json.loads(looked.content)["saved"] == 3001


def test_what_is_found_again_is_not_written_again(client: Any) -> None:
    session = Session(client, "four_d_stem", "annular")
    before = dict(Finding.objects.filter(deposit=session.deposit).values_list("pk", "pointer"))
    session.answer(for_all("notes", "a quiet night"))  # nobody asks for it
    assert dict(Finding.objects.filter(deposit=session.deposit).values_list("pk", "pointer")) == before
    session.answer(for_some("dwell_time", "1 us", session.ids[1]))
    now = dict(Finding.objects.filter(deposit=session.deposit).values_list("pk", "pointer"))
    of_image = Finding.objects.filter(measurement=session.ids[1]).values_list("pointer", flat=True)
    assert "/dwell_time" in before.values()
    assert "/dwell_time" not in of_image
    of_scan = Finding.objects.filter(measurement=session.ids[0]).values_list("pk", flat=True)
    assert set(of_scan) <= set(before) & set(now), "those of the other were written again"
