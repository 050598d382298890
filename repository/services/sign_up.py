"""An account begins with a mail address: who reads what is sent there chooses a name and a password."""

from dataclasses import dataclass

from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.core import signing
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models.functions import Now

from repository.errors import InvalidMetadataError, NotFoundError
from repository.mail_addresses import canonicalize_address
from repository.models import Message, User
from repository.models.account_addresses import confirm_address, is_confirmed, is_taken
from repository.models.accounts import require_name
from repository.services.audit import record_event

_SALT = "stemma.sign_up"
_LONGEST_NAME = 150
_LONGEST_FULL_NAME = 200
_OVER = "This link is no longer valid."
_OVER_HINT = "It was used, or it is too old. Sign in, or begin again with your mail address."


@dataclass(frozen=True, slots=True)
class NewAccount:
    """What a person chooses for a new account."""

    username: str
    full_name: str
    password: str
    password_again: str


def make_sign_up_key(message: Message) -> str:
    """Return the key of a link that only the reader of the message is sent."""
    return signing.dumps(str(message.pk), salt=_SALT)


def read_sign_up_key(key: str) -> str:
    """Return the address that a key was sent to.

    Raises
    ------
    NotFoundError
        The key is forged, too old, or was used, or an account has the address by now.
    """
    return _find_message(key).recipient


def _find_message(key: str) -> Message:
    try:
        message_id = signing.loads(key, salt=_SALT, max_age=settings.LINK_LIFETIME)
    except signing.BadSignature as fault:
        raise _link_over() from fault
    message = Message.objects.filter(pk=message_id, used_at__isnull=True).first()
    if message is None or is_taken(message.recipient):
        raise _link_over()
    if message.recipient != canonicalize_address(message.recipient):
        raise _link_over()  # from before there was one spelling: it may have been read elsewhere
    return message


def _link_over() -> NotFoundError:
    return NotFoundError(_OVER, hint=_OVER_HINT)


def create_account(*, key: str, wanted: NewAccount) -> User:
    """Make the account of whoever was sent the key; its address is confirmed by that.

    Two requests with one key make one account: the key is used up with it, and the confirmed address is unique.
    """
    message = _find_message(key)
    address = message.recipient
    username = _check_name(wanted.username)
    user = User(username=username, full_name=wanted.full_name.strip()[:_LONGEST_FULL_NAME], email=address)
    _check_password(wanted, user)
    user.set_password(wanted.password)
    try:
        with transaction.atomic():
            if not Message.objects.filter(pk=message.pk, used_at__isnull=True).update(used_at=Now()):
                raise _link_over()
            user.save()
            EmailAddress.objects.create(user=user, email=address, verified=True, primary=True)
            record_event(actor=user, action="account.create", target=user.username)
    except IntegrityError as fault:
        read_sign_up_key(key)  # the address was taken between the look and the write
        raise _name_refused() from fault
    return user


def confirm_by_reset(*, user: User) -> None:
    """Confirm the address that a new password was asked for: the link could only be read there."""
    has_one = EmailAddress.objects.filter(user=user, verified=True).exists()
    if canonicalize_address(user.email) and not has_one and not is_confirmed(user.email):
        with transaction.atomic():
            confirm_address(user, user.email)
            record_event(actor=user, action="account.confirm_address", target=user.username)


def _check_name(text: str) -> str:
    username = User.normalize_username(text.strip())
    try:
        UnicodeUsernameValidator()(username)
        require_name(username)
    except ValidationError as fault:
        raise InvalidMetadataError(
            "This user name cannot be used.",
            pointer="/username",
            hint="Use letters, digits and . + - _ only.",
        ) from fault
    if (
        not username
        or len(username) > _LONGEST_NAME
        or User.objects.filter(username__iexact=username).exists()
    ):
        raise _name_refused()
    return username


def _name_refused() -> InvalidMetadataError:
    return InvalidMetadataError(
        "This user name cannot be had.", pointer="/username", hint="Choose another one, 150 letters at most."
    )


def _check_password(wanted: NewAccount, user: User) -> None:
    if wanted.password != wanted.password_again:
        raise InvalidMetadataError(
            "The two passwords differ.", pointer="/password2", hint="Write the same one twice."
        )
    try:
        validate_password(wanted.password, user)
    except ValidationError as fault:
        raise InvalidMetadataError(
            " ".join(fault.messages), pointer="/password", hint="Choose another one."
        ) from fault
