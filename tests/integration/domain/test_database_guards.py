"""What the database itself refuses, whoever asks: raw SQL through the application's role."""

import datetime as dt
import re
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from repository.models import AuditEvent, DatasetVersion, Identifier, Measurement
from repository.services.jobs import create_job
from repository.services.publishing import start_new_version
from tests.deposits import add_measurement, make_published, make_ready, publish, settle
from tests.factories import store_file

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stemma_home")]

OTHER_DIGEST = "f" * 64


def execute(statement: str, parameters: dict[str, Any] | None = None) -> int:
    """Run one statement in a savepoint of its own and return the number of rows."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, parameters or {})
        return int(cursor.rowcount)


def name_rows(version: DatasetVersion) -> dict[str, Any]:
    """Return the keys of everything that a version holds."""
    measurement = Measurement.objects.get(versions__version=version)
    signal = measurement.signals.get()
    return {
        "version": version.pk,
        "dataset": version.dataset_id,
        "version_file": version.files.get().pk,
        "data_file": version.files.get().data_file_id,
        "version_measurement": version.measurements.get().pk,
        "measurement": measurement.pk,
        "measurement_file": measurement.parts.get().pk,
        "signal": signal.pk,
        "object": signal.objects_stored.order_by("pk")[0].pk,
        "product": measurement.products.order_by("pk")[0].pk,
        "audit": AuditEvent.objects.order_by("pk")[0].pk,
        "doi": version.doi,
        "digest": OTHER_DIGEST,
    }


REFUSED = {
    "title of a version": "UPDATE repository_datasetversion SET title = 'x' WHERE id = %(version)s",
    "document of a version": "UPDATE repository_datasetversion SET document = '{}' WHERE id = %(version)s",
    "license of a version": "UPDATE repository_datasetversion SET license = 'x' WHERE id = %(version)s",
    "number of a version": "UPDATE repository_datasetversion SET number = 7 WHERE id = %(version)s",
    "unsealing a version": "UPDATE repository_datasetversion SET sealed = false WHERE id = %(version)s",
    "deleting a version": "DELETE FROM repository_datasetversion WHERE id = %(version)s",
    "path of a version's file": "UPDATE repository_versionfile SET path = 'x' WHERE id = %(version_file)s",
    "deleting a version's file": "DELETE FROM repository_versionfile WHERE id = %(version_file)s",
    "adding a file": (
        "INSERT INTO repository_versionfile (version_id, data_file_id, path, size, sha256, media_type, format_label)"
        " VALUES (%(version)s, %(data_file)s, 'more.raw', 1, %(digest)s, 'x', '')"
    ),
    "ordinal of a version's measurement": (
        "UPDATE repository_versionmeasurement SET ordinal = 9 WHERE id = %(version_measurement)s"
    ),
    "deleting a version's measurement": (
        "DELETE FROM repository_versionmeasurement WHERE id = %(version_measurement)s"
    ),
    "adding a measurement": (
        "INSERT INTO repository_versionmeasurement (version_id, measurement_id, ordinal)"
        " VALUES (%(version)s, %(measurement)s, 5)"
    ),
    "digest of a file": "UPDATE repository_datafile SET sha256 = %(digest)s WHERE id = %(data_file)s",
    "state of a file": "UPDATE repository_datafile SET state = 'quarantined' WHERE id = %(data_file)s",
    "deleting a file": "DELETE FROM repository_datafile WHERE id = %(data_file)s",
    "document of a measurement": "UPDATE repository_measurement SET document = '{}' WHERE id = %(measurement)s",
    "thawing a measurement": "UPDATE repository_measurement SET frozen_at = NULL WHERE id = %(measurement)s",
    "deleting a measurement": "DELETE FROM repository_measurement WHERE id = %(measurement)s",
    "part of a measurement": "UPDATE repository_measurementfile SET position = 8 WHERE id = %(measurement_file)s",
    "deleting a part": "DELETE FROM repository_measurementfile WHERE id = %(measurement_file)s",
    "adding a part": (
        "INSERT INTO repository_measurementfile (measurement_id, data_file_id, position)"
        " VALUES (%(measurement)s, %(data_file)s, 3)"
    ),
    "shape of a signal": "UPDATE repository_signal SET shape = '{1}' WHERE id = %(signal)s",
    "deleting a signal": "DELETE FROM repository_signal WHERE id = %(signal)s",
    "adding a signal": (
        "INSERT INTO repository_signal (measurement_id, name, ordinal, shape, dtype, axes, n_signal_axes,"
        " intensity_unit, shape_origin, orientation, statistics)"
        " VALUES (%(measurement)s, 'more', 1, '{1}', 'uint8', '[]', 1, '', 'file', '', '{}')"
    ),
    "digest of an array object": "UPDATE repository_arrayobject SET sha256 = %(digest)s WHERE id = %(object)s",
    "deleting an array object": "DELETE FROM repository_arrayobject WHERE id = %(object)s",
    "adding an array object": (
        "INSERT INTO repository_arrayobject (signal_id, kind, key, size, sha256)"
        " VALUES (%(signal)s, 'primary', 'c/9', 1, %(digest)s)"
    ),
    "digest of a product": "UPDATE repository_product SET sha256 = %(digest)s WHERE id = %(product)s",
    "deleting a product": "DELETE FROM repository_product WHERE id = %(product)s",
    "deleting a DOI": "DELETE FROM repository_identifier WHERE doi = %(doi)s",
    "renaming a DOI": "UPDATE repository_identifier SET doi = '10.5072/else' WHERE doi = %(doi)s",
    "DOI of another version": "UPDATE repository_identifier SET version_number = 9 WHERE doi = %(doi)s",
    "text of the audit trail": "UPDATE repository_auditevent SET action = 'x' WHERE id = %(audit)s",
    "deleting from the audit trail": "DELETE FROM repository_auditevent WHERE id = %(audit)s",
}


def is_refused(statement: str, rows: dict[str, Any]) -> bool:
    """Return whether a guard refuses; what is let through is taken back."""
    try:
        with transaction.atomic():
            assert execute(statement, rows) > 0, f"touches no row: {statement}"
            transaction.set_rollback(True)
    except IntegrityError:
        return True
    return False


def test_published_content_cannot_be_changed() -> None:
    rows = name_rows(make_published())
    assert [name for name, statement in REFUSED.items() if not is_refused(statement, rows)] == []


def test_a_draft_is_open() -> None:
    """The guards look at the row, not at the table; versions and the audit trail are never open."""
    rows = name_rows(make_published())
    draft = make_ready()
    store_file(draft, "second.raw", b"2")
    measurement = draft.measurements.get()
    signal = measurement.signals.get()
    rows |= {
        "data_file": draft.files.get(path="second.raw").pk,
        "measurement": measurement.pk,
        "measurement_file": measurement.parts.get().pk,
        "signal": signal.pk,
        "object": signal.objects_stored.order_by("pk")[0].pk,
        "product": measurement.products.order_by("pk")[0].pk,
        "doi": f"10.5072/{draft.pk}.v1",
    }
    never_open = re.compile("repository_(datasetversion|versionfile|versionmeasurement|auditevent)")
    for name, statement in REFUSED.items():
        assert is_refused(statement, rows) == bool(never_open.search(statement)), name


MOVED = {
    "a signal": (
        "UPDATE repository_signal SET measurement_id = %(target)s, name = 'moved' WHERE measurement_id = %(source)s"
    ),
    "a part": "UPDATE repository_measurementfile SET measurement_id = %(target)s WHERE measurement_id = %(source)s",
    "an array object": (
        "UPDATE repository_arrayobject SET key = 'moved', signal_id ="
        " (SELECT id FROM repository_signal WHERE measurement_id = %(target)s)"
        " WHERE key = 'c/0/0/0/0' AND signal_id ="
        " (SELECT id FROM repository_signal WHERE measurement_id = %(source)s)"
    ),
}


def test_nothing_is_moved_into_a_published_measurement() -> None:
    rows = name_rows(make_published())
    source = make_ready().measurements.get()
    keys = {"target": rows["measurement"], "source": source.pk}
    assert [name for name, statement in MOVED.items() if not is_refused(statement, keys)] == []


def test_a_new_product_may_join_a_published_measurement() -> None:
    rows = name_rows(make_published())
    added = execute(
        "INSERT INTO repository_product (measurement_id, signal_id, recipe, output, digest, kind, title, parameters,"
        " code_version, input_digests, media_type, size, sha256, created_at)"
        " VALUES (%(measurement)s, %(signal)s, 'later', 'later', %(digest)s, 'array', '', '{}', 'x', '[]', 'x', 1,"
        " %(digest)s, now())",
        rows,
    )
    assert added == 1


def test_access_and_withdrawal_are_flags_that_may_change() -> None:
    version = make_published()
    rows = name_rows(version)
    execute("UPDATE repository_datasetversion SET access = 'restricted' WHERE id = %(version)s", rows)
    execute(
        "UPDATE repository_datasetversion SET state = 'withdrawn', withdrawn_at = now(),"
        " withdrawal_reason = 'wrong sample' WHERE id = %(version)s",
        rows,
    )
    with pytest.raises(IntegrityError, match="stays withdrawn"):
        execute("UPDATE repository_datasetversion SET state = 'published' WHERE id = %(version)s", rows)


def test_a_registered_doi_is_not_reserved_again() -> None:
    version = make_published()
    Identifier.objects.filter(doi=version.doi).update(state="findable")
    with pytest.raises(IntegrityError, match="promised"):
        execute(
            "UPDATE repository_identifier SET state = 'reserved' WHERE doi = %(doi)s", {"doi": version.doi}
        )


def test_a_version_is_never_inserted_sealed() -> None:
    version = make_published()
    with pytest.raises(IntegrityError, match="inserted open"):
        copy_version(version, sealed=True)


def copy_version(version: DatasetVersion, *, sealed: bool = False) -> DatasetVersion:
    fields = {field.name: getattr(version, field.name) for field in DatasetVersion._meta.concrete_fields}
    fields |= {"id": None, "number": 2, "sealed": sealed}
    with transaction.atomic():
        return DatasetVersion.objects.create(**fields)


SEAL = "UPDATE repository_datasetversion SET sealed = true WHERE id = %(id)s"


def test_a_version_is_not_sealed_over_what_may_still_change() -> None:
    version = make_published()
    open_measurement = add_measurement(version.dataset.deposit, "late.raw")
    with transaction.atomic():
        second = copy_version(version)
        second.measurements.create(measurement=open_measurement)
        with pytest.raises(IntegrityError, match="not frozen"):
            execute(SEAL, {"id": second.pk})
        transaction.set_rollback(True)


def test_a_version_is_not_sealed_over_files_that_say_something_else() -> None:
    version = make_published()
    file = version.files.get()
    with transaction.atomic():
        second = copy_version(version)
        second.files.create(
            data_file=file.data_file, path=file.path, size=file.size, sha256=OTHER_DIGEST, media_type="x"
        )
        with pytest.raises(IntegrityError, match="not stored as it says"):
            execute(SEAL, {"id": second.pk})
        transaction.set_rollback(True)


@pytest.mark.django_db(transaction=True)
def test_a_version_that_is_not_sealed_does_not_commit() -> None:
    version = make_published()
    with pytest.raises(IntegrityError, match="was not sealed"), transaction.atomic():
        copy_version(version)
    assert version.dataset.versions.count() == 1


FORBIDDEN = (
    "TRUNCATE repository_datasetversion CASCADE",
    "TRUNCATE repository_auditevent",
    "DROP TABLE repository_finding",
    "ALTER TABLE repository_datasetversion DISABLE TRIGGER guard",
    "DROP TRIGGER guard ON repository_datafile",
    "ALTER TABLE repository_datafile ADD COLUMN more text",
    "CREATE TABLE public.more (id int)",
    "CREATE OR REPLACE FUNCTION stemma_guard_data_file() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
    "SET session_replication_role = 'replica'",
    "ALTER TABLE repository_datafile OWNER TO CURRENT_USER",
)


INSUFFICIENT_PRIVILEGE = "42501"


def test_the_application_may_not_change_tables() -> None:
    for statement in FORBIDDEN:
        with pytest.raises(DatabaseError) as refusal:
            execute(statement)
        assert getattr(refusal.value.__cause__, "sqlstate", "") == INSUFFICIENT_PRIVILEGE, statement


def test_every_guard_stands_even_for_replication() -> None:
    guarded = {
        "repository_datasetversion", "repository_versionfile", "repository_versionmeasurement",
        "repository_datafile", "repository_measurement", "repository_measurementfile", "repository_signal",
        "repository_arrayobject", "repository_product", "repository_calibration", "repository_identifier",
        "repository_auditevent", "repository_storedobject", "repository_metadatarevision",
        "repository_recordchange", "repository_sample",
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgrelid::regclass::text, tgenabled FROM pg_trigger WHERE tgname IN ('guard', 'require_sealed')"
        )
        rows = cursor.fetchall()
    assert {table for table, _ in rows} == guarded
    assert {enabled for _, enabled in rows} == {"A"}


BAD_ROWS = {
    "user_role_known": "UPDATE repository_user SET role = 'king' WHERE id = %(owner)s",
    "user_orcid_form": "UPDATE repository_user SET orcid = '0000-1' WHERE id = %(owner)s",
    "deposit_state_known": "UPDATE repository_deposit SET state = 'lost' WHERE id = %(deposit)s",
    "deposit_id_form": "UPDATE repository_deposit SET id = 'ABCD-0000' WHERE id = %(deposit)s",
    "deposit_revision_positive": "UPDATE repository_deposit SET revision = 0 WHERE id = %(deposit)s",
    "data_file_state_known": "UPDATE repository_datafile SET state = 'lost' WHERE id = %(file)s",
    "data_file_size_not_negative": "UPDATE repository_datafile SET size = -1 WHERE id = %(file)s",
    "data_file_path_present": "UPDATE repository_datafile SET path = '' WHERE id = %(file)s",
    "data_file_stored_has_digest": "UPDATE repository_datafile SET sha256 = 'xyz' WHERE id = %(file)s",
    "measurement_state_known": "UPDATE repository_measurement SET state = 'lost' WHERE id = %(draft)s",
    "measurement_id_form": "UPDATE repository_measurement SET id = 'x' WHERE id = %(draft)s",
    "signal_name_form": "UPDATE repository_signal SET name = 'A b' WHERE measurement_id = %(draft)s",
    "signal_shape_origin_known": (
        "UPDATE repository_signal SET shape_origin = 'dreamt' WHERE measurement_id = %(draft)s"
    ),
    "array_object_size_not_negative": (
        "UPDATE repository_arrayobject SET size = -1 WHERE signal_id = %(draft_signal)s"
    ),
    "array_object_digest_form": (
        "UPDATE repository_arrayobject SET sha256 = 'x' WHERE signal_id = %(draft_signal)s"
    ),
    "product_digest_form": "UPDATE repository_product SET sha256 = 'x' WHERE measurement_id = %(draft)s",
    "product_kind_known": "UPDATE repository_product SET kind = 'song' WHERE measurement_id = %(draft)s",
    "identifier_state_known": (
        "UPDATE repository_identifier SET state = 'lost' WHERE dataset_id = %(deposit)s"
    ),
    "identifier_doi_form": (
        "UPDATE repository_identifier SET doi = 'doi:' || doi WHERE dataset_id = %(deposit)s"
    ),
    "dataset_version_state_known": (
        "UPDATE repository_datasetversion SET state = 'lost' WHERE id = %(version)s"
    ),
    "dataset_version_access_known": (
        "UPDATE repository_datasetversion SET access = 'secret' WHERE id = %(version)s"
    ),
    "dataset_version_embargo_dated": (
        "UPDATE repository_datasetversion SET access = 'embargoed' WHERE id = %(version)s"
    ),
    "dataset_version_withdrawal_reasoned": (
        "UPDATE repository_datasetversion SET state = 'withdrawn' WHERE id = %(version)s"
    ),
    "job_state_known": "UPDATE repository_job SET state = 'lost' WHERE deposit_id = %(deposit)s",
    "job_fraction_within": "UPDATE repository_job SET fraction = 1.5 WHERE deposit_id = %(deposit)s",
    "job_running_has_lease": "UPDATE repository_job SET state = 'running' WHERE deposit_id = %(deposit)s",
    "job_failed_has_reason": "UPDATE repository_job SET state = 'failed' WHERE deposit_id = %(deposit)s",
    "job_active_once": (
        "INSERT INTO repository_job (id, kind, target, state, attempt, max_attempts, not_before, fraction, message,"
        " reason, created_at) SELECT gen_random_uuid(), kind, target, 'queued', 0, 5, now(), 0, '', '', now()"
        " FROM repository_job WHERE deposit_id = %(deposit)s"
    ),
    "data_file_path_once": (
        "INSERT INTO repository_datafile (deposit_id, path, size, sha256, state, media_type, format, format_label,"
        " is_read, created_at) SELECT deposit_id, path, 0, '', 'uploading', '', '', '', false, now()"
        " FROM repository_datafile WHERE id = %(file)s"
    ),
    "signal_name_once": (
        "INSERT INTO repository_signal (measurement_id, name, ordinal, shape, dtype, axes, n_signal_axes,"
        " intensity_unit, shape_origin, orientation, statistics) SELECT measurement_id, name, 0, '{1}', '', '[]', 1,"
        " '', 'file', '', '{}' FROM repository_signal WHERE measurement_id = %(draft)s"
    ),
    "identifier_version_once": (
        "INSERT INTO repository_identifier (doi, dataset_id, version_number, state, registrar, last_error, created_at)"
        " SELECT doi || 'x', dataset_id, version_number, 'reserved', '', '', now() FROM repository_identifier"
        " WHERE version_number IS NULL AND dataset_id = %(deposit)s"
    ),
}


def test_rows_that_make_no_sense_are_refused() -> None:
    rows = name_rows(make_published())
    deposit = make_ready()
    measurement = deposit.measurements.get()
    create_job(kind="inspect_deposit", target=deposit.pk, deposit=deposit)
    rows |= {
        "deposit": deposit.pk,
        "owner": deposit.owner_id,
        "file": deposit.files.get().pk,
        "draft": measurement.pk,
        "draft_signal": measurement.signals.get().pk,
    }
    for constraint, statement in BAD_ROWS.items():
        with pytest.raises(IntegrityError, match=f'"{constraint}"'):
            execute(statement, rows)


def test_a_second_version_leaves_the_first_as_it_was() -> None:
    first = make_published()
    before = {**first.content}
    deposit = first.dataset.deposit
    start_new_version(deposit_id=deposit.pk, actor=deposit.owner)
    add_measurement(deposit, "more.raw")
    second = publish(settle(deposit))
    first.refresh_from_db()
    assert (second.number, first.content) == (2, before)
    assert first.files.count() == 1
    assert second.files.count() == 2
    assert second.measurements.filter(measurement__versions__version=first).count() == 1


def test_an_embargo_has_a_date() -> None:
    until = dt.date.today() + dt.timedelta(days=30)  # noqa: DTZ011  # a calendar date
    version = make_published(access="embargoed", embargo_until=until.isoformat())
    assert (version.access, version.embargo_until) == ("embargoed", until)
