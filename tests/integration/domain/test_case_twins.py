"""Names that differ in case only are a warning about what a version holds: a private twin needs no acknowledging."""

import pytest

from ingest.workflows import sort_deposit
from repository.models import Deposit
from repository.services.sorting import Wish
from repository.services.validation import list_obstacles, validate_deposit
from tests.deposits import make_ready, settle
from tests.factories import store_file

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stemma_home")]


def list_codes(deposit: Deposit) -> list[str]:
    return [finding.code for finding in list_obstacles(deposit)]


def test_a_private_twin_needs_no_acknowledging_and_a_public_one_does() -> None:
    deposit = make_ready()
    store_file(deposit, "Notes.txt", b"one")
    store_file(deposit, "notes.txt", b"two")
    settle(deposit)
    validate_deposit(deposit_id=deposit.pk)
    assert list_codes(deposit) == ["case_twin"]
    (finding,) = list_obstacles(deposit)
    assert "Notes.txt and notes.txt" in finding.message
    # Whichever of the two is private: the other is alone on a reader's disk.
    for path in ("Notes.txt", "notes.txt"):
        sort_deposit(deposit_id=deposit.pk, actor=deposit.owner, wishes=[Wish("private", paths=(path,))])
        assert list_codes(deposit) == []
        sort_deposit(deposit_id=deposit.pk, actor=deposit.owner, wishes=[Wish("publish", paths=(path,))])
        assert list_codes(deposit) == ["case_twin"]
