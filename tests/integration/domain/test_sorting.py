"""What becomes of files that arrived: published, private, discarded, set aside; and what a version holds of that."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.workflows import open_measurements, sort_deposit, submit_deposit
from processing.workflows import refresh_deposit
from repository.errors import DepositAlreadyPublishedError, InvalidMetadataError, NotFoundError
from repository.models import DatasetVersion, Deposit, Finding, Job, Measurement, Sorting
from repository.models.sorting import version_files, withheld_files
from repository.schema.findings import Finding as Found
from repository.selectors.access import get_measurement
from repository.selectors.arrived import describe_arrived
from repository.selectors.deposits import describe_deposit
from repository.selectors.fates import read_fates
from repository.selectors.visibility import NOBODY, Visitor
from repository.services.deposits import update_deposit
from repository.services.findings import replace_findings
from repository.services.publishing import start_new_version
from repository.services.sorting import Wish
from repository.services.succession import create_measurement, discard_new_version
from repository.services.uploads import delete_file, start_upload
from tests.deposits import add_measurement, make_ready, publish, settle
from tests.factories import make_deposit, make_measurement, make_user, store_file

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stemma_home")]


def sort(deposit: Deposit, fate: str, *paths: str) -> Any:
    return sort_deposit(deposit_id=deposit.pk, actor=deposit.owner, wishes=[Wish(fate, paths=paths)])


@pytest.fixture
def two() -> Deposit:
    """Return a deposit with a measurement to publish, another one, and a table that is part of neither."""
    deposit = make_ready()
    add_measurement(deposit, "secret.raw")
    store_file(deposit, "notes/table.csv", b"1,2\n")
    return settle(deposit)


def list_told(version: DatasetVersion) -> set[str]:
    return set(version.files.values_list("path", flat=True))


def test_what_is_private_is_in_no_version_and_stays_in_the_deposit(two: Deposit) -> None:
    secret = two.measurements.get(primary_file__path="secret.raw")
    assert sort(two, "private", "secret.raw", "notes/*.csv") == {
        "secret.raw": "publish",
        "notes/table.csv": "publish",
    }
    version = publish(two)
    assert list_told(version) == {"scan.raw"}
    assert [link.measurement.primary_file.path for link in version.measurements.all()] == ["scan.raw"]
    assert "secret.raw" not in str({**version.content, "supplied": None})
    secret.refresh_from_db()
    assert (secret.frozen_at, secret.state, secret.products.count()) == (None, "converted", 2)
    with pytest.raises(NotFoundError):
        get_measurement(NOBODY, secret.pk)
    assert get_measurement(Visitor(two.owner), secret.pk).version is None
    two.refresh_from_db()
    start_new_version(deposit_id=two.pk, actor=two.owner)
    assert sort(two, "publish", "secret.raw") == {"secret.raw": "private"}
    second = publish(settle(two))
    assert list_told(second) == {"scan.raw", "secret.raw"}
    assert get_measurement(NOBODY, secret.pk).version == second


def test_what_a_kept_and_a_discarded_measurement_share_is_kept(two: Deposit) -> None:
    shared = store_file(two, "both.hdr", b"header")
    for measurement in two.measurements.all():
        measurement.parts.create(data_file=shared, position=1)
    sort(two, "private", "secret.raw")
    sort(two, "discard", "scan.raw")
    rows = {file.path: file for file in withheld_files(two)}
    fates = read_fates(two)
    told = {path: fates.of_file(rows[path]) for path in ("secret.raw", "scan.raw", "both.hdr")}
    assert told == {"secret.raw": "private", "scan.raw": "discard", "both.hdr": "private"}


def test_what_no_version_held_is_not_left_out_of_the_next(two: Deposit) -> None:
    sort(two, "private", "secret.raw")
    assert list(describe_deposit(Visitor(two.owner), two).left_out) == []


def test_nothing_private_is_in_the_way(two: Deposit) -> None:
    secret = two.measurements.get(primary_file__path="secret.raw")
    error = Found("error", "odd", "Odd.", layer="reading")
    replace_findings(deposit=two, stage=Finding.Stage.READING, measurement=secret, found=[error])
    Measurement.objects.filter(pk=secret.pk).update(state="opened")
    open_measurements(two, [secret.pk])
    assert settle(two).state == "processing"
    sort(two, "private", "secret.raw")
    two.refresh_from_db()
    assert two.state == "ready", "its reading goes on beside"
    assert Job.objects.get(target=secret.pk).state == "queued"
    shown = describe_deposit(Visitor(two.owner), two)
    assert "odd" not in {finding.code for finding in shown.grouped_findings}
    assert {one.path: one.fate for one in shown.measurements} == {
        "scan.raw": "publish",
        "secret.raw": "private",
    }
    publish(two)
    assert Job.objects.get(target=secret.pk).state == "queued"


def test_taking_it_back_brings_its_obstacles_back(two: Deposit) -> None:
    secret = two.measurements.get(primary_file__path="secret.raw")
    sort(two, "private", "secret.raw")
    replace_findings(
        deposit=two,
        stage=Finding.Stage.READING,
        measurement=secret,
        found=[Found("error", "odd", "Odd.", layer="reading")],
    )
    assert settle(two).state == "ready"
    sort(two, "publish", "secret.raw")
    two.refresh_from_db()
    assert two.state == "needs_attention"


def test_a_shared_file_goes_where_it_is_needed(two: Deposit) -> None:
    shared = store_file(two, "dark.raw", b"dark")
    for measurement in two.measurements.all():
        measurement.parts.create(data_file=shared, position=1)
    sort(two, "private", "secret.raw")
    assert {file.path for file in version_files(two)} == {"scan.raw", "dark.raw", "notes/table.csv"}
    sort(two, "private", "scan.raw")
    assert {file.path for file in version_files(two)} == {"notes/table.csv"}
    fates = {file.path: file.fate for file in describe_deposit(Visitor(two.owner), two).files}
    assert fates["dark.raw"] == "private"
    with pytest.raises(InvalidMetadataError, match=r"dark\.raw is part of the measurement of") as refusal:
        sort(two, "publish", "dark.raw")
    assert refusal.value.pointer == "/changes/0/paths/0"


def test_a_version_of_nothing_is_refused_with_the_reason(two: Deposit) -> None:
    sort(two, "private", "**")
    two.refresh_from_db()
    assert two.state == "needs_attention"
    assert "nothing_to_publish" in set(two.findings.values_list("code", flat=True))


def test_what_is_discarded_can_be_taken_back_until_it_is_published(two: Deposit) -> None:
    secret = two.measurements.get(primary_file__path="secret.raw")
    former = sort(two, "discard", "secret.raw")
    assert two.files.filter(path="secret.raw").exists()
    for path, fate in former.items():
        sort(two, fate, path)
    assert two.measurements.filter(pk=secret.pk, state="converted").exists()
    sort(two, "discard", "secret.raw", "notes/table.csv")
    version = publish(two)
    assert list_told(version) == {"scan.raw"}
    assert set(two.files.values_list("path", flat=True)) == {"scan.raw"}
    assert not two.sortings.exists()


def test_discarding_ends_the_work_and_taking_back_goes_on_with_it(two: Deposit) -> None:
    secret = two.measurements.get(primary_file__path="secret.raw")
    Measurement.objects.filter(pk=secret.pk).update(state="opened")
    Job.objects.create(
        kind="convert_measurement",
        target=secret.pk,
        deposit=two,
        lane="long",
        state="running",
        lease_until=two.created_at,
    )
    assert settle(two).state == "processing"
    sort(two, "discard", "secret.raw")
    two.refresh_from_db()
    assert (two.state, Job.objects.get().state) == ("ready", "cancelled")
    sort(two, "publish", "secret.raw")
    two.refresh_from_db()
    assert (two.state, Job.objects.get(kind="open_measurement").target) == ("processing", secret.pk)


def test_giving_up_a_version_keeps_what_was_private_before_it(two: Deposit) -> None:
    secret = two.measurements.get(primary_file__path="secret.raw")
    companion = store_file(two, "secret.hdr", b"header")
    secret.parts.create(data_file=companion, position=1)
    sort(two, "private", "secret.raw")
    publish(two)
    start_new_version(deposit_id=two.pk, actor=two.owner)
    sort(two, "publish", "secret.raw")
    add_measurement(two, "later.raw")
    settle(two)
    discard_new_version(deposit_id=two.pk, actor=two.owner)
    assert set(two.files.values_list("path", flat=True)) == {
        "scan.raw",
        "secret.raw",
        "secret.hdr",
        "notes/table.csv",
    }
    assert two.measurements.filter(pk=secret.pk).exists()
    assert {file.path for file in withheld_files(two)} == {"secret.raw", "secret.hdr"}
    start_new_version(deposit_id=two.pk, actor=two.owner)
    assert list_told(publish(settle(two))) == {"scan.raw", "notes/table.csv"}


def test_a_published_measurement_is_left_out_and_the_older_version_keeps_it(two: Deposit) -> None:
    first = publish(two)
    secret = two.measurements.get(primary_file__path="secret.raw")
    start_new_version(deposit_id=two.pk, actor=two.owner)
    sort(two, "discard", "secret.raw")
    assert {"secret.raw"} == {one.path for one in describe_deposit(Visitor(two.owner), two).left_out}
    second = publish(settle(two))
    assert (list_told(first), list_told(second)) == (
        {"scan.raw", "secret.raw", "notes/table.csv"},
        {"scan.raw", "notes/table.csv"},
    )
    assert get_measurement(NOBODY, secret.pk).version == first
    secret.refresh_from_db()
    assert secret.left_out_at is not None


def test_a_link_to_what_is_private_is_not_told_and_comes_with_it(two: Deposit) -> None:
    links = [
        {"role": "vacuum_probe", "target": "secret.raw"},
        {"role": "survey_image", "target": "notes/table.csv"},
    ]
    update_deposit(deposit_id=two.pk, actor=two.owner, patch={"measurements": {"scan.raw": {"links": links}}})
    refresh_deposit(deposit_id=two.pk)
    Job.objects.all().delete()  # reductions with other angles, which nobody makes here
    settle(two)
    scan = two.measurements.get(primary_file__path="scan.raw")
    assert [link["target"] for link in scan.document["links"]] == ["secret.raw", "notes/table.csv"]
    sort(two, "private", "secret.raw")
    scan.refresh_from_db()
    assert [link["target"] for link in scan.document["links"]] == ["notes/table.csv"]
    two.refresh_from_db()
    assert two.state == "ready"
    assert "link_not_published" in set(two.findings.values_list("code", flat=True))
    version = publish(two)
    assert "secret.raw" not in str({**version.content, "supplied": None})
    start_new_version(deposit_id=two.pk, actor=two.owner)
    sort(two, "publish", "secret.raw")
    Deposit.objects.filter(pk=two.pk).update(state="ready")
    refresh_deposit(deposit_id=two.pk)
    assert two.current_measurements.get(primary_file__path="scan.raw").replaces_id == scan.pk


def test_no_finding_names_what_is_private(two: Deposit) -> None:
    scan = two.measurements.get(primary_file__path="scan.raw")
    for text in ("scan.raw is like secret.raw.", "scan.raw stands alone."):
        found = Found("info", "odd", text, layer="file")
        stage = Finding.Stage.READING if "like" in text else Finding.Stage.CONVERSION
        replace_findings(deposit=two, stage=stage, measurement=scan, found=[found])
    sort(two, "private", "secret.raw")
    told = str(publish(two).content["measurements"])
    assert "stands alone" in told
    assert "secret.raw" not in told


def test_what_nobody_meant_to_send_is_set_aside_and_can_be_restored() -> None:
    deposit = make_ready()
    for path in ("._scan.raw", "d/Thumbs.db", "scan.raw.part", "kept.csv"):
        start_upload(deposit_id=deposit.pk, actor=deposit.owner, path=path, size=3)
    deposit.files.exclude(path="scan.raw").delete()
    for path in ("._scan.raw", "d/Thumbs.db", "scan.raw.part", "kept.csv"):
        store_file(deposit, path, path.encode())
    arrived = describe_arrived(deposit)
    assert {kind.kind: kind.count for kind in arrived.kinds if kind.count} == {
        "measurements": 1,
        "not_read": 1,
        "set_aside": 3,
    }
    assert "3 files set aside" in arrived.sentence
    assert list_told(publish(settle(deposit))) == {"scan.raw", "kept.csv"}
    start_new_version(deposit_id=deposit.pk, actor=deposit.owner)
    Deposit.objects.filter(pk=deposit.pk).update(state="ready")
    assert sort(deposit, "publish", "scan.raw.part") == {"scan.raw.part": "aside"}
    assert Job.objects.get(kind="inspect_deposit").target == deposit.pk, "it is looked at now"
    assert "scan.raw.part" in {file.path for file in version_files(deposit)}


def test_a_person_is_not_overruled_by_the_rule_for_names() -> None:
    deposit = make_deposit()
    start_upload(deposit_id=deposit.pk, actor=deposit.owner, path="a.lock", size=3)
    sort(deposit, "publish", "a.lock")
    start_upload(deposit_id=deposit.pk, actor=deposit.owner, path="a.lock", size=3)
    assert Sorting.objects.get().fate == "publish"
    deposit.files.all().delete()
    store_file(deposit, "a.lock", b"abc")
    delete_file(deposit_id=deposit.pk, actor=deposit.owner, path="a.lock")
    assert not Sorting.objects.exists(), "a file that is gone takes the decision with it"


def test_decisions_outlive_a_new_grouping(two: Deposit) -> None:
    sort(two, "private", "secret.raw")
    former = two.measurements.get(primary_file__path="secret.raw")
    new = create_measurement(
        deposit=two, files=[former.primary_file], file_format="empad", ordinal=0, former=former
    )
    assert {one.id: one.fate for one in describe_deposit(Visitor(two.owner), two).measurements}[
        new.pk
    ] == "private"


@pytest.mark.parametrize(
    ("wish", "pointer"),
    [
        (Wish("private", measurements=("0000-0000",)), "/changes/0/measurements/0"),
        (Wish("private", paths=("scan.raw", "no-such-file")), "/changes/0/paths/1"),
        (Wish("private", paths=("*.dm4",)), "/changes/0/paths/0"),
        (Wish("aside", paths=("scan.raw",)), "/changes/0/paths/0"),
    ],
)
def test_all_of_it_or_nothing(two: Deposit, wish: Wish, pointer: str) -> None:
    with pytest.raises(InvalidMetadataError) as refusal:
        sort_deposit(deposit_id=two.pk, actor=two.owner, wishes=[wish])
    assert refusal.value.pointer == pointer
    assert refusal.value.hint
    assert not Sorting.objects.exists()


def test_what_is_published_is_not_sorted(two: Deposit) -> None:
    publish(two)
    with pytest.raises(DepositAlreadyPublishedError):
        sort(two, "private", "scan.raw")


def test_arrivals_add_up_and_lists_are_bounded() -> None:
    deposit = make_deposit()
    scan = store_file(deposit, "a.raw", b"frames")
    measurement = make_measurement(deposit, scan)
    measurement.parts.create(data_file=store_file(deposit, "a.xml", b"header"), position=1)
    copy = make_measurement(deposit, store_file(deposit, "copy/a.raw", b"frames"))
    copy.parts.create(data_file=store_file(deposit, "copy/a.xml", b"header"), position=1)
    # Parts are in the order of their positions, in whichever the database has their rows.
    (leading,) = copy.parts.filter(position=0)
    leading.delete()
    copy.parts.create(data_file=copy.primary_file, position=0)
    other = make_measurement(deposit, store_file(deposit, "b.raw", b"others"))
    other.parts.create(data_file=store_file(deposit, "b.xml", b"header"), position=1)
    for number in range(150):
        store_file(deposit, f"t/{number:03}.csv", f"{number}".encode())
    store_file(deposit, "t/again.csv", b"7")
    store_file(deposit, "t/empty.csv", b"")
    store_file(deposit, "t/empty too.csv", b"")
    arrived = describe_arrived(deposit)
    counts = {kind.kind: kind.count for kind in arrived.kinds if kind.count}
    assert counts == {"measurements": 2, "companions": 2, "not_read": 152, "duplicates": 3}, (
        "headers of different scans may be alike"
    )
    assert sum(counts.values()) == arrived.files == 159
    assert max(len(kind.files) for kind in arrived.kinds) == 100
    (copies,) = [kind.files for kind in arrived.kinds if kind.kind == "duplicates"]
    assert {(file.path, file.why) for file in copies} == {
        ("copy/a.raw", "the same bytes as a.raw"),
        ("copy/a.xml", "the same bytes as a.xml"),
        ("t/again.csv", "the same bytes as t/007.csv"),
    }


@settings(max_examples=25, deadline=None)
@given(fates=st.lists(st.sampled_from(["publish", "private", "discard"]), min_size=2, max_size=5))
def test_however_it_was_sorted_the_counts_add_up(fates: list[str]) -> None:
    deposit = make_deposit(make_user())
    for number in range(3):
        add_measurement(deposit, f"{number}.raw")
    for number, fate in enumerate(fates):
        sort(deposit, fate, f"{number % 3}.raw")
    arrived = describe_arrived(deposit)
    assert sum(kind.count for kind in arrived.kinds) == sum(arrived.fates.values()) == 3
    told = {file.path for file in version_files(deposit)}
    assert told | {file.path for file in withheld_files(deposit)} == {"0.raw", "1.raw", "2.raw"}
    assert len(told) == arrived.fates["publish"]


def test_three_thousand_files_are_sorted_and_counted(django_assert_max_num_queries: Any) -> None:
    deposit = make_deposit()
    digest = "0" * 64
    deposit.files.bulk_create(
        deposit.files.model(deposit=deposit, path=f"d/{number:04}.tif", size=9, sha256=digest, state="stored")
        for number in range(3000)
    )
    with django_assert_max_num_queries(60):
        sort(deposit, "discard", "d/*.tif")
        arrived = describe_arrived(deposit)
    assert arrived.fates["discard"] == 3000
    assert arrived.kinds[3].count == 2999
    submit_deposit(deposit_id=deposit.pk, actor=deposit.owner)


def test_files_are_called_unread_once_somebody_has_looked_at_them() -> None:
    deposit = make_deposit()
    for name in ("a.dm4", "b.pdf"):
        store_file(deposit, name, name.encode())
    for state, kind in (("draft", "not_looked_at"), ("processing", "not_looked_at"), ("ready", "not_read")):
        Deposit.objects.filter(pk=deposit.pk).update(state=state)
        deposit.refresh_from_db()
        arrived = describe_arrived(deposit)
        assert {one.kind: one.count for one in arrived.kinds if one.count} == {kind: 2}, state
