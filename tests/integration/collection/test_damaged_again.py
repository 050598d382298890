"""Damaged bytes that are brought again are whole, wherever a process was killed before or meanwhile."""

import pytest
from django.db import connection

from repository.models import Deposit, StoredObject
from repository.services import collection, stored_objects
from repository.services.collection import collect_objects
from repository.services.deposits import delete_deposit
from repository.services.fixity import check_object
from repository.services.storage import get_object_store
from repository.services.uploads import complete_upload, delete_file
from tests.factories import make_deposit
from tests.integration.collection.conftest import GRACE, digest_of, is_stored, pass_time, send, upload
from tests.integration.fixity.objects import rot
from tests.power_cuts import PowerCutError, power_cut

pytestmark = pytest.mark.django_db(transaction=True)
CONTENT = b"counts of a detector"
DIGEST = digest_of(CONTENT)


def damage(deposit: Deposit) -> None:
    """Store bytes, spoil them, and let that be known."""
    upload(deposit, "a.raw", CONTENT)
    rot(DIGEST)
    assert check_object(DIGEST)


def test_bytes_brought_again_are_whole_wherever_the_removal_of_damaged_ones_was_killed() -> None:
    at_line, was_cut, given_up = 0, True, 0
    while was_cut:
        at_line += 3
        deposit = make_deposit()
        damage(deposit)
        delete_file(deposit_id=deposit.pk, actor=deposit.owner, path="a.raw")
        pass_time(GRACE)
        was_cut = False
        try:
            with power_cut(at_line, collection):
                collect_objects()
        except PowerCutError:
            was_cut = True
            connection.close()
        given_up += StoredObject.objects.filter(pk=DIGEST, is_present=False).exists()
        upload(deposit, "again.raw", CONTENT)
        row = StoredObject.objects.get(pk=DIGEST)
        assert (row.is_present, row.damaged_at, row.damage) == (True, None, ""), (
            f"killed before line {at_line}"
        )
        assert get_object_store().path_of(DIGEST).read_bytes() == CONTENT
        delete_deposit(deposit_id=deposit.pk, actor=deposit.owner)
        pass_time(GRACE)
        collect_objects()
        assert not is_stored(CONTENT)
    assert given_up > 1


def test_damaged_bytes_brought_again_are_whole_wherever_their_upload_was_killed() -> None:
    at_line, was_cut = 0, True
    while was_cut:
        at_line += 1
        deposit = make_deposit()
        damage(deposit)
        StoredObject.objects.filter(pk=DIGEST).update(is_present=False)
        key = send(deposit, "b.raw", CONTENT)
        was_cut = False
        try:
            with power_cut(at_line, stored_objects):
                complete_upload(upload_id=key, sha256=DIGEST)
        except PowerCutError:
            was_cut = True
            connection.close()
        complete_upload(upload_id=key, sha256="" if get_object_store().exists(DIGEST) else DIGEST)
        row = StoredObject.objects.get(pk=DIGEST)
        assert (row.is_present, row.damaged_at) == (True, None), f"killed before line {at_line}"
        delete_deposit(deposit_id=deposit.pk, actor=deposit.owner)
        pass_time(GRACE)
        collect_objects()
    assert at_line > 5
