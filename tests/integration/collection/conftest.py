"""Stored bytes in every stage between owned and gone, and a clock that can be put forward."""

import datetime as dt
import hashlib
import os
import uuid
from typing import Any

import pytest
from django.db.models import F

from repository.models import DataFile, Deposit, StoredObject, StoreWalk
from repository.services.references import list_references
from repository.services.storage import get_object_store, upload_file
from repository.services.store_walks import mark_unreferenced
from repository.services.uploads import complete_upload, start_upload

GRACE = dt.timedelta(hours=24)
AT_ONCE = dt.timedelta()


def upload(deposit: Deposit, path: str, content: bytes) -> DataFile:
    """Store a file as a person does."""
    return complete_upload(upload_id=send(deposit, path, content), sha256=hashlib.sha256(content).hexdigest())


def send(deposit: Deposit, path: str, content: bytes) -> uuid.UUID:
    """Return an upload all of whose bytes have arrived."""
    plan = start_upload(deposit_id=deposit.pk, actor=deposit.owner, path=path, size=len(content))
    assert plan.upload_id is not None
    upload_file(plan.upload_id).write_bytes(content)
    return plan.upload_id


def pass_time(span: dt.timedelta) -> None:
    """Let everything that happened to the store have happened so much earlier."""
    StoredObject.objects.update(
        touched_at=F("touched_at") - span, unreferenced_since=F("unreferenced_since") - span
    )
    StoreWalk.objects.update(finished_at=F("finished_at") - span)


def mark() -> int:
    """Mark what nothing refers to, now."""
    return mark_unreferenced(pause=AT_ONCE)


def digest_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def is_stored(content: bytes) -> bool:
    return get_object_store().exists(digest_of(content))


def list_stored() -> set[str]:
    """Return the digest of every object in the store, whatever the tables say."""
    from repository.services.storage import open_whole_store

    return {item.digest for item in open_whole_store().list_objects()}


def list_owned() -> set[str]:
    """Return every digest to which some row refers."""
    return {
        digest
        for reference in list_references()
        for digest in reference.model._default_manager.values_list(reference.field, flat=True)
        if digest
    }


@pytest.fixture(autouse=True)
def _grace(stemma_home: Any, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    # Processes are killed here, not machines: what is not flushed outlives them, and hundreds of flushes take minutes.
    monkeypatch.setattr(os, "fsync", lambda _descriptor: None)
    settings.COLLECT_GRACE = GRACE
    settings.COLLECT_OWN_GRACE = dt.timedelta(minutes=5)
