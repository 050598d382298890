"""How many answers are needed: the page of a deposit and its table say the same two numbers, of one count."""

import re
from typing import Any

import pytest

from ingest.readers.refusals import ask_scan_shape
from repository.models import Finding, Measurement
from repository.services.findings import replace_findings
from repository.services.sorting import Wish, sort_files
from tests.api.test_table import Session, for_all, for_some
from tests.deposits import settle

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stemma_home", "unthrottled")]


def read_page(session: Session) -> tuple[int, int]:
    """Return how many answers the page says are needed, and for how many measurements."""
    session.client.force_login(session.deposit.owner)
    html = session.client.get(f"/deposits/{session.deposit.pk}").content.decode()
    found = re.search(r"<strong>(\d+)</strong> answers? (?:is|are) needed for (\d+) measurements?</a>", html)
    return (int(found[1]), int(found[2])) if found else (0, 0)


def read_table(session: Session) -> tuple[int, int]:
    table = session.look()
    shown = {
        row["id"]: {field for field, cell in row["cells"].items() if cell["state"] == "needed"}
        for row in table["rows"]
    }
    said = table["n_needed"], table["n_waiting"]
    assert said == (len(set().union(*shown.values())), sum(map(bool, shown.values()))), "what cells show"
    return said


def test_page_and_table_count_alike_what_is_asked_in_several_columns_of_what_has_no_technique_and_of_the_reader(
    client: Any,
) -> None:
    """The parts of a segment are one question and four fields; a shape that a reader asks for is one more."""
    session = Session(client, "segmented_detector", "segmented_detector", "four_d_stem")
    image, unknown, scan = session.ids
    without = Measurement.objects.get(pk=unknown)
    without.extracted = {key: said for key, said in without.extracted.items() if key in {"origin", "level"}}
    without.save(update_fields=["extracted"])
    asked = ask_scan_shape(positions=16, name="scan_2.raw")
    measurement = Measurement.objects.get(pk=scan)
    replace_findings(
        deposit=session.deposit, stage=Finding.Stage.READING, measurement=measurement, found=[asked]
    )
    settle(session.deposit)
    rows = session.rows()
    assert rows[unknown]["kind"] == ""
    assert {"technique", "sample.name"} <= {
        field for field, cell in rows[unknown]["cells"].items() if cell["state"] == "needed"
    }
    assert {"segments[].inner_angle", "segments[].azimuth"} <= set(rows[image]["cells"])
    before = read_table(session)
    assert before[1] == 3
    assert read_page(session) == before

    session.answer(
        for_some("technique", "segmented_detector", unknown),
        for_all("sample.name", "MoS2"),
        for_some("segments[].inner_angle", "10 mrad", image, unknown),
    )
    after = read_table(session)
    assert session.rows()[unknown]["kind"] == "segmented_detector"
    assert read_page(session) == after

    sort_files(
        deposit_id=session.deposit.pk,
        actor=session.deposit.owner,
        wishes=[Wish("private", paths=("night/scan_0.raw", "night/scan_2.raw"))],
    )
    assert read_table(session)[1] == 1
    assert read_page(session) == read_table(session)
