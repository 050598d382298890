"""The quota is used by what is stored: deleting frees it once the bytes are gone, and nobody is stuck for a day."""

import datetime as dt
from typing import Any

import pytest
from django.test import Client

from api.errors import advise_retry, describe_refusal
from repository.errors import QuotaExceededError
from repository.models import Deposit, StoredObject, User
from repository.models.stored_object import measure_use
from repository.services.collection import collect_objects
from repository.services.deposits import delete_deposit
from repository.services.publishing import start_new_version
from repository.services.succession import discard_new_version
from repository.services.uploads import complete_upload, delete_file, start_upload
from tests.deposits import make_published
from tests.factories import make_deposit, make_user
from tests.integration.collection.conftest import GRACE, is_stored, mark, pass_time, send, upload

pytestmark = pytest.mark.django_db
MOMENT = dt.timedelta(minutes=5)


def content(number: int) -> bytes:
    return f"{number:015}".encode()


@pytest.fixture
def owner() -> User:
    return make_user(quota_bytes=20)


@pytest.fixture
def deposit(owner: User) -> Deposit:
    return make_deposit(owner)


def test_eight_files_do_not_pass_through_a_quota_for_one(deposit: Deposit) -> None:
    upload(deposit, "0.raw", content(0))
    delete_file(deposit_id=deposit.pk, actor=deposit.owner, path="0.raw")
    for number in range(1, 8):
        with pytest.raises(QuotaExceededError) as refused:
            upload(deposit, f"{number}.raw", content(number))
    assert measure_use(deposit.owner).used == 15
    assert is_stored(content(0))
    problem = describe_refusal(refused.value)
    assert (
        "15 bytes are in use. Of these, 15 bytes are of deleted files that are still stored"
        in problem["detail"]
    )
    moment = measure_use(deposit.owner).makes_room_at
    assert f"from {moment:%Y-%m-%d %H:%M:%S} UTC" in problem["detail"]
    assert 1 <= int(advise_retry(refused.value)["Retry-After"]) <= 302


def test_a_moment_later_the_room_is_made_at_once(deposit: Deposit) -> None:
    for number in range(8):
        upload(deposit, f"{number}.raw", content(number))
        delete_file(deposit_id=deposit.pk, actor=deposit.owner, path=f"{number}.raw")
        assert measure_use(deposit.owner).used == 15
        pass_time(MOMENT)
    assert [is_stored(content(number)) for number in range(8)] == [False] * 7 + [True]


def test_what_is_left_alone_for_a_day_is_free(deposit: Deposit) -> None:
    upload(deposit, "a.raw", content(1))
    delete_deposit(deposit_id=deposit.pk, actor=deposit.owner)
    use = measure_use(deposit.owner)
    assert (use.files, use.waiting, use.used) == (0, 15, 15)
    assert use.waiting_until is not None
    assert use.makes_room_at is not None
    assert use.waiting_until - use.makes_room_at == GRACE - MOMENT
    pass_time(GRACE)
    collect_objects()
    assert measure_use(deposit.owner).used == 0


def test_one_file_taken_for_another_is_sent_again_for_nothing(deposit: Deposit) -> None:
    """The same bytes again, by mistake or not: they are there, and count once."""
    upload(deposit, "a.raw", content(1))
    delete_file(deposit_id=deposit.pk, actor=deposit.owner, path="a.raw")
    pass_time(MOMENT)
    upload(deposit, "b.raw", content(1))
    assert measure_use(deposit.owner).used == 15


def test_two_files_of_the_same_bytes_count_twice_and_are_freed_one_by_one(owner: User) -> None:
    User.objects.filter(pk=owner.pk).update(quota_bytes=40)
    owner.refresh_from_db()
    deposit = make_deposit(owner)
    upload(deposit, "a.raw", content(1))
    upload(deposit, "b.raw", content(1))
    assert measure_use(owner).used == 30
    delete_file(deposit_id=deposit.pk, actor=owner, path="a.raw")
    assert measure_use(owner).used == 15, "nothing of it waits: the other file holds the bytes"
    delete_file(deposit_id=deposit.pk, actor=owner, path="b.raw")
    assert measure_use(owner).waiting == 15


def test_a_deletion_does_not_tell_whether_others_have_the_same_bytes(deposit: Deposit) -> None:
    """Alone or not, the bytes count for the same time, and then they do not."""
    shared, own = content(1), content(2)
    stranger = make_deposit()
    upload(stranger, "s.raw", shared)
    User.objects.filter(pk=deposit.owner.pk).update(quota_bytes=30)
    upload(deposit, "a.raw", shared)
    upload(deposit, "b.raw", own)
    delete_file(deposit_id=deposit.pk, actor=deposit.owner, path="a.raw")
    delete_file(deposit_id=deposit.pk, actor=deposit.owner, path="b.raw")
    mark()
    assert measure_use(deposit.owner).used == 30
    pass_time(MOMENT)
    mark()
    start_upload(deposit_id=deposit.pk, actor=deposit.owner, path="c.raw", size=30)
    assert measure_use(deposit.owner).used == 30
    assert (is_stored(shared), is_stored(own)) == (True, False)
    assert measure_use(stranger.owner).used == 15


def test_only_the_owners_deleted_bytes_make_room_early() -> None:
    other = make_deposit(make_user(quota_bytes=20))
    upload(other, "a.raw", content(1))
    delete_deposit(deposit_id=other.pk, actor=other.owner)
    deposit = make_deposit(make_user(quota_bytes=20))
    upload(deposit, "b.raw", content(2))
    pass_time(MOMENT)
    with pytest.raises(QuotaExceededError, match=r"15 bytes are in use\.$"):
        upload(deposit, "c.raw", content(3))
    assert is_stored(content(1))


def test_a_given_up_version_and_a_replaced_file_are_counted_until_they_are_gone() -> None:
    owner = make_user()
    version = make_published(owner)
    deposit = version.dataset.deposit
    before = measure_use(owner).used
    start_new_version(deposit_id=deposit.pk, actor=owner)
    upload(deposit, "more.raw", content(4))
    discard_new_version(deposit_id=deposit.pk, actor=owner)
    assert measure_use(owner).used == before + 15
    draft = make_deposit(owner)
    plan = start_upload(deposit_id=draft.pk, actor=owner, path="a.raw", size=15, sha256="0" * 64)
    assert plan.upload_id is not None
    send_wrong(plan.upload_id)
    start_upload(deposit_id=draft.pk, actor=owner, path="a.raw", size=1)
    assert measure_use(owner).used == before + 15 + 15 + 1
    assert StoredObject.objects.filter(charged_to=owner).count() == 2


def send_wrong(upload_id: Any) -> None:
    """Let bytes arrive that are not the promised ones: they are kept apart."""
    import hashlib

    from repository.errors import DigestMismatchError
    from repository.services.storage import upload_file

    upload_file(upload_id).write_bytes(content(5))
    with pytest.raises(DigestMismatchError):
        complete_upload(upload_id=upload_id, sha256=hashlib.sha256(content(5)).hexdigest())


def test_account_and_page_say_what_waits(deposit: Deposit, client: Client) -> None:
    upload(deposit, "a.raw", content(1))
    client.force_login(deposit.owner)
    account = client.get("/api/v1/account/").json()
    assert [account[key] for key in ("quota", "used", "waiting", "waiting_until")] == [20, 15, 0, None]
    assert "still stored" not in client.get("/deposits").content.decode()
    delete_file(deposit_id=deposit.pk, actor=deposit.owner, path="a.raw")
    account = client.get("/api/v1/account/").json()
    assert [account[key] for key in ("quota", "used", "waiting")] == [20, 15, 15]
    assert account["makes_room_at"] < account["waiting_until"]
    assert "files that you deleted and that are still stored" in client.get("/deposits").content.decode()


def test_a_half_sent_file_counts_until_it_is_deleted(deposit: Deposit) -> None:
    send(deposit, "a.raw", content(1))
    delete_file(deposit_id=deposit.pk, actor=deposit.owner, path="a.raw")
    assert measure_use(deposit.owner).used == 0
