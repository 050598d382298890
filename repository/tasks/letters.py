"""What a message says. Whether there is an account is found out here, behind the request that asked for it."""

from dataclasses import dataclass

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str

from repository.models import Message, User
from repository.models.account_addresses import Holding, find_holding, is_taken
from repository.selectors import addresses
from repository.services.sign_up import make_sign_up_key


@dataclass(frozen=True, slots=True)
class Letter:
    """What is sent to whom: what opens an account goes to the address that is stored in it, never to a typed one."""

    recipient: str
    subject: str
    text: str


def compose_letter(message: Message) -> Letter:
    """Return what the message says at this moment."""
    if message.purpose == Message.Purpose.WRITTEN:
        return Letter(message.recipient, message.subject, message.text)
    holding = find_holding(message.recipient)
    if message.purpose == Message.Purpose.SIGN_UP:
        return _answer_sign_up(message, holding)
    return _answer_forgotten_password(message, holding)


def _answer_sign_up(message: Message, holding: Holding | None) -> Letter:
    if holding is not None:
        return Letter(
            holding.address,
            "You have an account at Stemma already",
            _frame(
                "Somebody, perhaps you, wanted to make an account with this mail address at",
                f"{addresses.home()} . There is one already, and nothing was changed. Its user name is",
                f"    {holding.user.username}",
                "",
                "Sign in here:",
                f"    {addresses.sign_in()}",
                "",
                "If you do not know the password any more, choose a new one. This link works once, for a day:",
                f"    {_reset_link(holding.user)}",
            ),
        )
    if is_taken(message.recipient):
        return Letter(
            message.recipient,
            "No account can be made with this address",
            _frame(
                "Somebody, perhaps you, wanted to make an account with this mail address at",
                f"{addresses.home()} . The account that had it was closed.",
                "Write to the operator of the server if it is yours.",
            ),
        )
    return Letter(
        message.recipient,
        "Your account at Stemma",
        _frame(
            f"Somebody, perhaps you, wants to make an account at {addresses.home()} .",
            "Choose a user name and a password here. The link works once, for three days:",
            f"    {addresses.sign_up(make_sign_up_key(message))}",
        ),
    )


def _answer_forgotten_password(message: Message, holding: Holding | None) -> Letter:
    if holding is None:
        return Letter(
            message.recipient,
            "No account has this address",
            _frame(
                f"Somebody, perhaps you, asked for a new password at {addresses.home()} .",
                "No account has this mail address. Perhaps you used another one, or you have none yet:",
                f"    {addresses.sign_up_page()}",
            ),
        )
    return Letter(
        holding.address,
        "A new password for Stemma",
        _frame(
            f"Somebody, perhaps you, asked for a new password at {addresses.home()} for the user name",
            f"    {holding.user.username}",
            "",
            "Choose it here. The link works once, for a day:",
            f"    {_reset_link(holding.user)}",
        ),
    )


def _reset_link(account: User) -> str:
    return addresses.new_password(user_pk_to_url_str(account), default_token_generator.make_token(account))


def _frame(*lines: str) -> str:
    return "\n".join([*lines, "", "If it was not you, you need not do anything.", ""])
