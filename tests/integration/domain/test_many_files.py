"""A session of forty files: one that is damaged holds nothing up, and pictures of all come before the first array."""

from pathlib import Path

import numpy as np
import pytest

import ingest.tasks  # noqa: F401 - they register their kinds of jobs
import processing.tasks  # noqa: F401
from ingest.workflows import follow_opening, follow_pictures, sort_deposit, submit_deposit
from processing.tasks import _go_on_without_pictures
from repository.models import Deposit, Finding, Job, Measurement
from repository.schema.findings import Finding as Found
from repository.selectors.arrived import describe_arrived
from repository.services.sorting import Wish
from repository.services.validation import list_obstacles
from tests.deposits import AXES, DESCRIBED
from tests.factories import make_deposit, make_measurement, store_file
from tests.integration.domain.test_grouping import work_off
from tests.reducing import describe
from tests.vendor_files.dm import write_dm

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stemma_home")]


def test_one_damaged_file_among_forty_holds_nothing_up(tmp_path: Path) -> None:
    deposit = make_deposit()
    for number in range(40):
        path = tmp_path / f"{number:02}.dm4"
        write_dm(path, np.full((8, 8), number, dtype=np.uint16))
        content = path.read_bytes()
        store_file(deposit, path.name, content[: len(content) // 2] if number == 17 else content)
    describe(deposit)
    submit_deposit(deposit_id=deposit.pk, actor=deposit.owner, until="opened")
    first, *done = work_off()
    assert first == "inspect_deposit"
    assert done[:40] == [f"open_measurement {number:02}.dm4" for number in range(40)]
    assert done[40:] == [f"preview_measurement {number:02}.dm4" for number in range(40) if number != 17]
    assert deposit.measurements.filter(products__is_preliminary=True).distinct().count() == 39
    states = dict(deposit.measurements.values_list("primary_file__path", "state"))
    assert {path for path, state in states.items() if state != "opened"} == {"17.dm4"}
    assert describe_arrived(deposit).sentence == "40 files arrived: 40 measurements."
    deposit.refresh_from_db()
    assert "file_truncated" in {one.code for one in list_obstacles(deposit)}
    sort_deposit(deposit_id=deposit.pk, actor=deposit.owner, wishes=[Wish("discard", paths=("17.dm4",))])
    assert "file_truncated" not in {one.code for one in list_obstacles(deposit)}


@pytest.fixture
def session(request: pytest.FixtureRequest) -> list[Measurement]:
    """Return the measurements of a deposit whose headers were just read."""
    deposit = make_deposit()
    Deposit.objects.filter(pk=deposit.pk).update(state="processing")
    deposit.refresh_from_db()
    made = [
        make_measurement(
            deposit, store_file(deposit, f"{n}.raw", b"%d" % n), state="opened", extracted=DESCRIBED
        )
        for n in range(request.param)
    ]
    for measurement in made:
        measurement.signals.update(axes=AXES)
    return made


def list_waiting() -> list[str]:
    return list(Job.objects.filter(state="queued").order_by("created_at").values_list("kind", flat=True))


@pytest.mark.parametrize("session", [6], indirect=True)
def test_pictures_of_all_come_before_the_first_array(session: list[Measurement]) -> None:
    for measurement in session:
        follow_opening(measurement)
    assert list_waiting() == ["preview_measurement"] * 6
    follow_pictures(session[0])
    follow_pictures(session[0])
    assert list_waiting() == [*["preview_measurement"] * 6, "convert_measurement"]
    found = Found("warning", "preview_failed", "No.", layer="reading")
    _go_on_without_pictures(session[1], Finding.Stage.CONVERSION, found)
    assert list_waiting().count("convert_measurement") == 2, "what has no pictures is converted too"
    session[2].state = "converted"
    follow_pictures(session[2])
    assert list_waiting().count("convert_measurement") == 2


@pytest.mark.parametrize("session", [3], indirect=True)
def test_few_small_measurements_are_converted_at_once(session: list[Measurement]) -> None:
    for measurement in session:
        follow_opening(measurement)
    assert list_waiting() == ["convert_measurement"] * 3


@pytest.mark.parametrize("session", [6], indirect=True)
def test_what_is_only_checked_gets_its_pictures_and_no_more(session: list[Measurement]) -> None:
    session[0].deposit.read_until = "opened"
    follow_opening(session[0])
    follow_pictures(session[0])
    assert list_waiting() == ["preview_measurement"]
