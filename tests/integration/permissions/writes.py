"""Every kind of write that decides who may read which bytes, by name, so that any process can be told to do it."""

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

from django.contrib.sessions.models import Session
from django.utils import timezone

from repository.models import (
    ApiToken,
    ArrayObject,
    DataFile,
    DatasetVersion,
    Deposit,
    DepositMember,
    Measurement,
    Product,
    User,
)
from repository.services.accounts import revoke_token
from repository.services.deposits import delete_deposit, remove_member
from repository.services.publishing import start_new_version
from repository.services.uploads import delete_file
from repository.services.withdrawal import withdraw_version
from tests.deposits import publish, settle
from tests.factories import store_bytes, store_file

Words = Mapping[str, Any]


def _owner(words: Words) -> User:
    return User.objects.get(username=words["owner"])


def withdraw(words: Words) -> None:
    version = DatasetVersion.objects.filter(dataset_id=words["published"], state="published").last()
    if version is not None:
        withdraw_version(
            dataset_id=words["published"], number=version.number, actor=_owner(words), reason="Wrong."
        )


def publish_next(words: Words) -> None:
    deposit = Deposit.objects.get(pk=words["published"])
    if deposit.state != "published":
        return
    start_new_version(deposit_id=deposit.pk, actor=deposit.owner)
    deposit.refresh_from_db()
    delete_file(deposit_id=deposit.pk, actor=deposit.owner, path="data.dm4")
    store_file(deposit, "data.dm4", f"bytes of version {deposit.revision}".encode())
    publish(settle(deposit))


def lift_the_embargo(words: Words) -> None:
    DatasetVersion.objects.filter(dataset_id=words["embargoed"]).update(access="open", embargo_until=None)


def restrict(words: Words) -> None:
    DatasetVersion.objects.filter(dataset_id=words["published"]).update(access="restricted")


def take_a_co_owner_off(words: Words) -> None:
    for name in ("draft", "embargoed"):
        if DepositMember.objects.filter(deposit_id=words[name], user__username=words["co-owner"]).exists():
            remove_member(deposit_id=words[name], actor=_owner(words), username=words["co-owner"])


def give_the_draft_away(words: Words) -> None:
    Deposit.objects.filter(pk=words["draft"]).update(owner=User.objects.get(username=words["other"]))


def revoke(words: Words) -> None:
    for token in ApiToken.objects.filter(user__username=words["co-owner"]):
        revoke_token(user=token.user, token_key=token.token_key)


def narrow_a_token(words: Words) -> None:
    ApiToken.objects.filter(user__username=words["owner"]).update(scopes=["publish"])


def end_a_token(words: Words) -> None:
    past = timezone.now() - dt.timedelta(seconds=1)
    ApiToken.objects.filter(user__username=words["curator"]).update(expiry=past)


def sign_out(words: Words) -> None:
    Session.objects.filter(pk=words["session"]).delete()


def change_the_password(words: Words) -> None:
    owner = _owner(words)
    owner.set_password("another one, and longer")
    owner.save()


def deactivate(words: Words) -> None:
    User.objects.filter(username=words["co-owner"]).update(is_active=False)


def demote(words: Words) -> None:
    User.objects.filter(username=words["curator"]).update(role="depositor")


def replace_a_file(words: Words) -> None:
    sha256, size = store_bytes(b"other bytes under the same path")
    DataFile.objects.filter(deposit_id=words["draft"], path="data.dm4").update(sha256=sha256, size=size)


def leave_a_file_out(words: Words) -> None:
    DataFile.objects.filter(deposit_id=words["draft"], path="data.dm4").update(left_out_at=timezone.now())


def read_again(words: Words) -> None:
    Product.objects.filter(measurement__deposit_id=words["draft"]).delete()
    ArrayObject.objects.filter(signal__measurement__deposit_id=words["draft"]).delete()


def forget_a_measurement(words: Words) -> None:
    Measurement.objects.filter(deposit_id=words["draft"]).delete()


def delete_a_draft(words: Words) -> None:
    if Deposit.objects.filter(pk=words["draft"]).exists():
        delete_deposit(deposit_id=words["draft"], actor=_owner(words))


WRITES: dict[str, Callable[[Words], None]] = {
    write.__name__: write
    for write in (
        withdraw,
        publish_next,
        lift_the_embargo,
        restrict,
        take_a_co_owner_off,
        give_the_draft_away,
        revoke,
        narrow_a_token,
        end_a_token,
        sign_out,
        change_the_password,
        deactivate,
        demote,
        replace_a_file,
        leave_a_file_out,
        read_again,
        forget_a_measurement,
        delete_a_draft,
    )
}
