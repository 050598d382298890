"""Drafts into the words of the schema in force: after an upgrade, before anybody sees them.

What is published stays under its own version; the draft of its next version is a draft like any other.
"""

from django.db import transaction

from repository.models import Deposit, Measurement
from repository.schema.versions.in_force import VERSION_IN_FORCE
from repository.schema.versions.steps import move_document, move_supplied
from repository.services.audit import record_event
from repository.services.deposits import State, bump_revision, lock_deposit
from repository.services.edits import forget_edits
from repository.services.validation import validate_deposit

CHECKED_STATES = (State.NEEDS_ATTENTION, State.READY)


def move_drafts() -> int:
    """Bring every deposit that is written in the words of an older version into today's; return how many.

    Each is one transaction, and one that is moved is not moved again: the program may end at any of them.
    """
    behind = list(Deposit.objects.exclude(schema_version=VERSION_IN_FORCE).values_list("pk", flat=True))
    for deposit_id in behind:
        _move_deposit(deposit_id)
    return len(behind)


def _move_deposit(deposit_id: str) -> None:
    with transaction.atomic():
        deposit = lock_deposit(deposit_id=deposit_id)
        if deposit.schema_version == VERSION_IN_FORCE:
            return
        former = deposit.schema_version
        moved = move_supplied(deposit.document, since=former)
        listed = [{**change.as_dict(), "version": moved.version} for change in moved.changes]
        deposit.document, deposit.schema_version = moved.document, moved.version
        deposit.schema_changes = [*deposit.schema_changes, *listed]
        if listed:
            bump_revision(deposit)
            forget_edits(deposit)
        else:
            deposit.save(update_fields=["document", "schema_version"])
        for measurement in deposit.measurements.filter(frozen_at__isnull=True):
            _move_measurement(measurement)
        record_event(
            actor=None,
            action="deposit.move_schema",
            target=deposit.pk,
            detail={"from": former, "to": moved.version, "changes": listed},
        )
        if deposit.state in CHECKED_STATES:
            validate_deposit(deposit_id=deposit_id)


def _move_measurement(measurement: Measurement) -> None:
    former = measurement.schema_version
    measurement.extracted = move_document(measurement.extracted, since=former).document
    moved = move_document(measurement.document, since=former)
    measurement.document, measurement.schema_version = moved.document, moved.version
    measurement.save(update_fields=["extracted", "document", "schema_version"])
