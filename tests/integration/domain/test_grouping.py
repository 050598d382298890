"""Which files belong together where the guess was wrong: real files, grouped by hand, read again only where touched."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ingest.tasks  # noqa: F401 - they register their kinds of jobs
import processing.tasks  # noqa: F401
from ingest.workflows import group_deposit, sort_deposit, submit_deposit
from processing.workflows import set_deposit_roles
from repository.errors import (
    DepositAlreadyPublishedError,
    DepositBusyError,
    InvalidMetadataError,
    StateConflictError,
)
from repository.models import Deposit, Job, Measurement, Sorting
from repository.selectors.deposits import describe_deposit
from repository.selectors.visibility import Visitor
from repository.services.deposits import update_deposit
from repository.services.grouping import Move
from repository.services.jobs import claim_job, complete_job, lock_claim
from repository.services.publishing import start_new_version
from repository.services.roles import RoleWish
from repository.services.sorting import Wish
from repository.tasks.job_kinds import JobProgress, get_kind
from tests.deposits import add_measurement, make_ready, publish, settle
from tests.factories import make_deposit, store_file
from tests.reducing import describe
from tests.vendor_files.empad import write_empad

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stemma_home")]


def work_off() -> list[str]:
    """Do every job that waits, the oldest first, and return what was done with which file."""
    done = []
    while job := Job.objects.filter(state="queued").order_by("created_at").first():
        path = Measurement.objects.filter(pk=job.target).values_list("primary_file__path", flat=True).first()
        done.append(f"{job.kind} {path or ''}".strip())
        claim = claim_job(job_id=job.pk)
        assert claim is not None
        apply = get_kind(job.kind).work(claim, JobProgress())
        lock_claim(claim=claim)
        complete_job(claim=claim)
        apply()
    return done


@pytest.fixture
def scans(tmp_path: Path) -> Deposit:
    """Return a deposit in which the raw file of one scan lies in another folder than its header."""
    deposit = make_deposit()
    counts = np.random.default_rng(3).poisson(3.0, (4, 5, 128, 128)).astype(np.float32)
    for name, folder in (("one", "one"), ("two", "two")):
        (tmp_path / name).mkdir()
        for path in write_empad(tmp_path / name, counts):
            where = "elsewhere" if name == "two" and path.suffix == ".raw" else folder
            store_file(deposit, f"{where}/{path.name}", path.read_bytes())
    describe(deposit)
    submit_deposit(deposit_id=deposit.pk, actor=deposit.owner, until="opened")
    work_off()
    deposit.refresh_from_db()
    return deposit


def move(deposit: Deposit, place: str, path: str, beside: str = "") -> Any:
    return group_deposit(deposit_id=deposit.pk, actor=deposit.owner, moves=[Move(place, (path,), beside)])


def groups(deposit: Deposit) -> dict[str, tuple[str, ...]]:
    return {one.path: one.files for one in describe_deposit(Visitor(deposit.owner), deposit).measurements}


def test_a_companion_is_moved_to_where_it_belongs_and_only_that_is_read(scans: Deposit) -> None:
    paths = {path.rpartition(".")[2] + path[0]: path for path in scans.files.values_list("path", flat=True)}
    xml, raw = paths["xmlt"], paths["rawe"]
    assert scans.state == "needs_attention"
    two = scans.measurements.get(primary_file__path=xml)
    assert two.state == "failed"
    assert "companion_missing" in set(scans.findings.values_list("code", flat=True))
    (undo,) = move(scans, "with", raw, two.pk)
    assert work_off() == [f"open_measurement {xml}"], "the other is left alone"
    two.refresh_from_db()
    assert two.state == "opened", "and its id is the same"
    assert groups(scans)[xml] == (xml, raw)
    assert "companion_missing" not in set(scans.findings.values_list("code", flat=True))
    submit_deposit(deposit_id=scans.pk, actor=scans.owner, until="opened")
    assert work_off()[0] == "inspect_deposit"
    assert groups(scans)[xml] == (xml, raw), "handing in again keeps what was said by hand"
    move(scans, undo.place, undo.paths[0], undo.beside)
    work_off()
    assert groups(scans)[xml] == (xml,)
    move(scans, "", raw)
    assert "inspect_deposit" in work_off()
    assert Sorting.objects.get(path=raw).place == ""


def test_grouping_while_work_runs(scans: Deposit) -> None:
    paths = {path.rpartition(".")[2] + path[0]: path for path in scans.files.values_list("path", flat=True)}
    two = scans.measurements.get(primary_file__path=paths["xmlt"])
    move(scans, "with", paths["rawe"], two.pk)
    opening = Job.objects.get(state="queued")
    Job.objects.filter(pk=opening.pk).update(state="running", lease_until=opening.created_at)
    scans.refresh_from_db()
    assert scans.state == "processing"
    move(scans, "alone", paths["rawe"])
    opening.refresh_from_db()
    assert opening.state == "cancelled"
    assert groups(scans)[paths["xmlt"]] == (paths["xmlt"],)
    work_off()
    submit_deposit(deposit_id=scans.pk, actor=scans.owner, until="opened")
    with pytest.raises(DepositBusyError, match="just being looked at"):
        move(scans, "own", paths["xmlt"])


@pytest.mark.parametrize(
    ("place", "path", "beside", "said"),
    [
        ("own", "rawo", "", "cannot be a measurement of its own"),
        ("with", "rawe", "0000-0000", "has no measurement 0000-0000"),
        ("with", "xmlt", "xmlt", "leads that measurement"),
        ("with", "xmlo", "xmlt", "leads a measurement with 1 other file, which would be part of none"),
        ("alone", "none", "", "has no file none"),
    ],
)
def test_what_is_not_possible_is_said_and_nothing_is_done(
    scans: Deposit, place: str, path: str, beside: str, said: str
) -> None:
    paths = {one.rpartition(".")[2] + one[0]: one for one in scans.files.values_list("path", flat=True)}
    before = groups(scans)
    with pytest.raises(InvalidMetadataError, match=said) as refusal:
        move(scans, place, paths.get(path, path), paths.get(beside, beside))
    assert refusal.value.pointer.startswith("/moves/0/")
    assert refusal.value.hint
    assert groups(scans) == before
    assert not Sorting.objects.exclude(place="").exists()


def test_before_and_after_there_is_nothing_to_group(scans: Deposit) -> None:
    fresh = make_deposit()
    store_file(fresh, "a.raw", b"a")
    with pytest.raises(StateConflictError, match="were not looked at"):
        move(fresh, "alone", "a.raw")
    deposit = publish(make_ready()).dataset.deposit
    with pytest.raises(DepositAlreadyPublishedError):
        move(deposit, "alone", "scan.raw")


def test_a_published_measurement_gets_a_successor() -> None:
    deposit = publish(make_ready()).dataset.deposit
    old = deposit.measurements.get()
    start_new_version(deposit_id=deposit.pk, actor=deposit.owner)
    store_file(deposit, "dark.raw", b"dark")
    settle(deposit)
    move(deposit, "with", "dark.raw", "scan.raw")
    (new,) = deposit.current_measurements
    assert (new.replaces_id, groups(deposit)) == (old.pk, {"scan.raw": ("scan.raw", "dark.raw")})
    old.refresh_from_db()
    assert [part.data_file.path for part in old.parts.all()] == ["scan.raw"]


@pytest.fixture
def three() -> Deposit:
    deposit = make_ready()
    for path in ("probe.raw", "dark.raw"):
        add_measurement(deposit, path)
    return settle(deposit)


def ids(deposit: Deposit) -> dict[str, str]:
    return {path: key for key, path in deposit.measurements.values_list("pk", "primary_file__path")}


def give(deposit: Deposit, source: str, role: str, *of: str, back: bool = False) -> None:
    known = ids(deposit)
    wish = RoleWish(known.get(source, source), role, tuple(known.get(one, one) for one in of), back)
    set_deposit_roles(deposit_id=deposit.pk, actor=deposit.owner, wishes=[wish])


def links(deposit: Deposit, path: str) -> list[tuple[str, str]]:
    document = deposit.measurements.get(primary_file__path=path).document
    return [(link["role"], link["target"]) for link in document.get("links", ())]


def test_roles_are_written_where_they_are_read(three: Deposit) -> None:
    give(three, "probe.raw", "vacuum_probe", "scan.raw", "dark.raw")
    give(three, "dark.raw", "dark_reference", "scan.raw")
    assert links(three, "scan.raw") == [("vacuum_probe", "probe.raw"), ("dark_reference", "dark.raw")]
    assert links(three, "dark.raw") == [("vacuum_probe", "probe.raw")]
    give(three, "probe.raw", "survey_image", "scan.raw")
    assert links(three, "scan.raw") == [("dark_reference", "dark.raw"), ("survey_image", "probe.raw")]
    give(three, "probe.raw", "survey_image", "scan.raw", back=True)
    assert links(three, "scan.raw") == [("dark_reference", "dark.raw")]
    three.refresh_from_db()
    assert three.edits.count() == 4, "they are edits like any other"


def test_roles_that_cannot_be_are_refused(three: Deposit) -> None:
    with pytest.raises(InvalidMetadataError, match="cannot be its own vacuum probe"):
        give(three, "probe.raw", "vacuum_probe", "scan.raw", "probe.raw")
    with pytest.raises(InvalidMetadataError, match="has no measurement 0000-0000"):
        give(three, "0000-0000", "vacuum_probe", "scan.raw")
    assert links(three, "scan.raw") == []
    update_deposit(
        deposit_id=three.pk,
        actor=three.owner,
        patch={"measurements": {"*.raw": {"links": [{"role": "low_loss", "target": "probe.raw"}]}}},
    )
    settle(three)
    give(three, "dark.raw", "dark_reference", "scan.raw")
    assert ("dark_reference", "dark.raw") in links(three, "scan.raw")


def test_a_private_probe_serves_on_in_the_deposit(three: Deposit) -> None:
    give(three, "probe.raw", "vacuum_probe", "scan.raw")
    Job.objects.all().delete()
    sort_deposit(deposit_id=three.pk, actor=three.owner, wishes=[Wish("private", paths=("probe.raw",))])
    assert links(three, "scan.raw") == []
    three.refresh_from_db()
    assert three.document["measurements"]["scan.raw"]["links"], "the answer is kept"
