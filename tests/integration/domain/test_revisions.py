"""What a published version says is corrected without a new version; all that was published stays as it was."""

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from ingest.workflows import read_deposit_again
from processing.workflows import correct_version
from repository.errors import (
    InvalidMetadataError,
    NotFoundError,
    NotPublishableError,
    RevisionChangesNothingError,
    RevisionConflictError,
    RevisionNeedsVersionError,
    WithdrawnError,
)
from repository.models import (
    AuditEvent,
    DatasetVersion,
    Deposit,
    Facts,
    Job,
    Measurement,
    MetadataRevision,
    SearchEntry,
)
from repository.models.revision import read_description
from repository.selectors.access import get_measurement
from repository.selectors.citation import build_record_for_doi
from repository.selectors.conformance import list_deviating_documents
from repository.selectors.datasets import describe_dataset, describe_metadata, describe_single_measurement
from repository.selectors.visibility import NOBODY
from repository.services.publishing import start_new_version
from repository.services.revisions import preview_revision
from repository.services.succession import discard_new_version, replace_corrected
from repository.services.withdrawal import withdraw_version
from tests.deposits import add_measurement, make_published, publish, settle
from tests.factories import make_deposit

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stemma_home")]


def correct(version: DatasetVersion, patch: dict[str, Any], **change: Any) -> MetadataRevision:
    return correct_version(
        dataset_id=version.dataset_id,
        number=version.number,
        actor=version.published_by,
        patch=patch,
        reason=change.pop("reason", "A slip of the pen."),
        **change,
    )


def read_published(version: DatasetVersion) -> dict[str, Any]:
    """Return every column of what a revision must not touch, as the database has it."""
    tables = (
        "datasetversion",
        "versionfile",
        "versionmeasurement",
        "measurement",
        "signal",
        "arrayobject",
        "product",
    )
    with connection.cursor() as cursor:
        rows = {}
        for table in tables:
            cursor.execute(f"SELECT to_jsonb(r) FROM repository_{table} r ORDER BY id")  # noqa: S608 - named above
            rows[table] = cursor.fetchall()
    return rows


def test_a_correction_is_a_revision_and_touches_nothing_that_was_published() -> None:
    deposit = make_deposit()
    add_measurement(deposit)
    other = add_measurement(deposit, "other.raw")
    version = publish(settle(deposit))
    before = read_published(version)
    measurement = version.measurements.get(measurement__primary_file__path="scan.raw").measurement
    patch = {
        "dataset": {"title": "The right title", "keywords": ["moire"]},
        "measurements": {measurement.pk: {"acceleration_voltage": "200 kV", "scan_step": "0.5 nm"}},
    }
    preview = preview_revision(dataset_id=version.dataset_id, number=1, patch=patch)
    assert [finding.code for finding in preview.obstacles] == ["header_conflict"]
    told = {
        (one["measurement"], one["field"]): (one["old_text"], one["new_text"]) for one in preview.plan.changes
    }
    assert told[measurement.pk, "acceleration_voltage"] == ("80 kV", "200 kV")
    assert told["", "title"][1] == "The right title"
    assert not MetadataRevision.objects.exists()
    with pytest.raises(NotPublishableError) as refusal:
        correct(version, patch)
    assert [finding.code for finding in refusal.value.findings] == ["header_conflict"]

    made = correct(version, patch, accept_warnings=[{"code": "header_conflict"}])
    assert (made.number, made.made_by, made.reason) == (1, version.published_by, "A slip of the pen.")
    assert read_published(version) == before
    check_what_is_shown(version, measurement, other)
    check_what_is_found(version, deposit, measurement, other)


def check_what_is_shown(version: DatasetVersion, measurement: Measurement, other: Measurement) -> None:
    description = read_description(version)
    page = describe_dataset(NOBODY, description)
    assert (page.title, page.revision, page.newest_revision) == ("The right title", 1, 1)
    assert "The right title" in page.citation
    shown = {one.id: one for one in page.measurements}
    assert shown[measurement.pk].metadata["acceleration_voltage"]["value"] == 200
    assert shown[other.pk].metadata["acceleration_voltage"]["value"] == 80
    codes = [finding.code for finding in shown[measurement.pk].findings]
    assert {"header_conflict", "axes_stay"} <= set(codes)
    # The array keeps its axes: what is shown of it is what it was made with.
    assert shown[measurement.pk].signals[0].axes[0]["scale"] == 0.2
    (single,) = [describe_single_measurement(get_measurement(NOBODY, measurement.pk))]
    assert (single.metadata, single.findings) == (
        shown[measurement.pk].metadata,
        shown[measurement.pk].findings,
    )
    # As it was published it is there for ever.
    former = describe_dataset(NOBODY, read_description(version, 0))
    assert (former.title, former.revision, former.newest_revision) == (version.title, 0, 1)
    access = get_measurement(NOBODY, measurement.pk)
    assert describe_metadata(access, revision=0).metadata == measurement.document
    assert describe_metadata(access).revision == 1
    with pytest.raises(NotFoundError, match="no revision 2") as missing:
        read_description(version, 2)
    assert "0 (as published) … 1" in missing.value.hint


def check_what_is_found(
    version: DatasetVersion, deposit: Deposit, measurement: Measurement, other: Measurement
) -> None:
    # Search, facts and what DOIs tell follow the newest revision.
    entry = SearchEntry.objects.get(dataset_id=version.dataset_id)
    assert (entry.title, entry.version_id) == ("The right title", version.pk)
    voltages = dict(Facts.objects.values_list("measurement", "acceleration_voltage_v"))
    assert voltages == {measurement.pk: 200_000, other.pk: 80_000}
    assert build_record_for_doi(deposit_id=version.dataset_id, number=1).title == "The right title"
    assert build_record_for_doi(deposit_id=version.dataset_id, number=None).keywords == ("moire",)
    told_again = set(Job.objects.filter(kind="register_doi").values_list("target", flat=True))
    assert told_again == {version.doi, deposit.concept_doi}
    assert AuditEvent.objects.filter(action="version.revise", target=version.dataset_id).count() == 1
    assert list(list_deviating_documents()) == []


def test_what_changes_files_arrays_or_rights_needs_a_new_version() -> None:
    version = make_published()
    for patch, field in (
        ({"measurements": {"scan.raw": {"scan_shape": [8, 8]}}}, "scan_shape"),
        ({"measurements": {"scan.raw": {"technique": ["four_d_stem"]}}}, "technique"),
        ({"dataset": {"access": "restricted"}}, "access"),
    ):
        with pytest.raises(RevisionNeedsVersionError) as refusal:
            correct(version, {**patch, "defaults": {"notes": "beside it"}})
        assert [finding.pointer for finding in refusal.value.findings] == [f"/{field}"]
        assert "new version" in refusal.value.hint
        if field != "access":
            assert "scan.raw would have to be read again" in refusal.value.message
    assert not MetadataRevision.objects.exists()


def test_what_is_no_correction_is_said_and_nothing_is_lost() -> None:
    version = make_published()
    with pytest.raises(RevisionChangesNothingError, match="said already"):
        correct(version, {"dataset": {"title": version.title}})
    with pytest.raises(RevisionChangesNothingError, match="never stands over"):
        correct(version, {"defaults": {"acceleration_voltage": "80 kV"}})
    for reason in ("", "  ", "x" * 2001, "a\x00b"):
        with pytest.raises(InvalidMetadataError, match="needs a reason"):
            correct(version, {"dataset": {"title": "New"}}, reason=reason)
    with pytest.raises(InvalidMetadataError, match="acceleration_volage") as typo:
        correct(version, {"measurements": {"scan.raw": {"acceleration_volage": "200 kV"}}})
    assert typo.value.findings
    with pytest.raises(InvalidMetadataError, match="no measurement zzzz-zzzz"):
        correct(version, {"measurements": {"zzzz-zzzz": {"notes": "Whose?"}}})
    with pytest.raises(NotPublishableError, match=r"[Tt]itle"):
        correct(version, {"dataset": {"title": None}})
    with pytest.raises(NotFoundError):
        correct_version(
            dataset_id=version.dataset_id, number=7, actor=version.published_by, patch={}, reason="Why not."
        )
    withdraw_version(dataset_id=version.dataset_id, number=1, actor=version.published_by, reason="Wrong.")
    with pytest.raises(WithdrawnError, match="tombstone is final"):
        correct(version, {"dataset": {"title": "New"}})
    assert not MetadataRevision.objects.exists()


def test_of_two_people_none_overwrites_the_other_unseen() -> None:
    version = make_published()
    correct(version, {"dataset": {"title": "By the first"}}, expected_revisions=[0])
    with pytest.raises(RevisionConflictError) as conflict:
        correct(version, {"dataset": {"title": "By the second"}}, expected_revisions=[0])
    assert conflict.value.current["revision"] == 1
    (change,) = conflict.value.changes
    assert (change["pointer"], change["new"]) == ("/metadata/dataset/title", "By the first")
    # Who does not say on what, changes only the fields that are named.
    made = correct(version, {"dataset": {"abstract": "Corrected too."}})
    assert (made.number, made.document["title"]) == (2, "By the first")
    assert read_description(version, 1).document.get("abstract") != "Corrected too."
    # What is taken back is as it was published, and a revision too.
    back = correct(version, {"dataset": {"title": version.title}})
    assert (back.number, read_description(version).title) == (3, version.title)


def test_rows_of_revisions_are_only_ever_added() -> None:
    version = make_published()
    made = correct(version, {"dataset": {"title": "Right"}})
    for statement in (
        "UPDATE repository_metadatarevision SET reason = 'other' WHERE id = %s",
        "DELETE FROM repository_metadatarevision WHERE id = %s",
        (
            "INSERT INTO repository_metadatarevision (version_id, number, made_at, made_by_id, reason, schema_version,"
            " supplied, document, measurements, changes, accepted_warnings) SELECT version_id, 5, made_at, made_by_id,"
            " reason, schema_version, supplied, document, measurements, changes, accepted_warnings"
            " FROM repository_metadatarevision WHERE id = %s"
        ),
    ):
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, [made.pk])
    withdraw_version(dataset_id=version.dataset_id, number=1, actor=version.published_by, reason="Wrong.")
    with pytest.raises(IntegrityError, match="is not corrected"), transaction.atomic():
        MetadataRevision.objects.create(
            version=version, number=2, made_by=made.made_by, reason="Late.", schema_version="1.1.0",
            supplied={}, document={}, changes=[],
        )  # fmt: skip


def test_the_next_version_begins_with_the_corrections_and_reads_no_file_for_them() -> None:
    version = make_published()
    measurement = version.measurements.get().measurement
    correct(version, {"measurements": {"scan.raw": {"specimen_note": None, "notes": "Cold stage."}}})
    deposit = start_new_version(deposit_id=version.dataset_id, actor=version.published_by)
    assert deposit.document["measurements"]["scan.raw"]["notes"] == "Cold stage."
    assert replace_corrected(deposit) == []
    # A correction of what is published while a draft is open goes into both, but not over what the draft says.
    correct(version, {"dataset": {"title": "Right"}, "measurements": {"scan.raw": {"notes": "Warm stage."}}})
    deposit.refresh_from_db()
    assert (deposit.title, deposit.document["measurements"]["scan.raw"]["notes"]) == ("Right", "Warm stage.")
    deposit.document = {**deposit.document, "dataset": {**deposit.document["dataset"], "title": "Ours"}}
    deposit.save()
    correct(version, {"dataset": {"title": "Righter"}})
    deposit.refresh_from_db()
    assert deposit.document["dataset"]["title"] == "Ours"
    Deposit.objects.filter(pk=deposit.pk).update(state="ready")
    read_deposit_again(deposit_id=deposit.pk)
    assert not Job.objects.filter(kind="open_measurement").exists()
    second = publish(settle(Deposit.objects.get(pk=deposit.pk)))
    (entry,) = second.content["measurements"]
    assert (entry["id"], entry["metadata"]["notes"]) == (measurement.pk, "Warm stage.")
    assert Facts.objects.get(entry__version=second).measurement_id == measurement.pk
    assert Measurement.objects.get(pk=measurement.pk).document.get("notes") is None


def test_a_draft_that_is_given_up_leaves_the_corrections() -> None:
    version = make_published()
    start_new_version(deposit_id=version.dataset_id, actor=version.published_by)
    correct(version, {"dataset": {"title": "Right"}})
    deposit = discard_new_version(deposit_id=version.dataset_id, actor=version.published_by)
    deposit.refresh_from_db()
    assert (deposit.title, deposit.document["dataset"]["title"]) == ("Right", "Right")
