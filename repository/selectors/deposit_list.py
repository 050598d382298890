import datetime as dt
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from repository.models import Deposit, User
from repository.selectors import addresses
from repository.selectors.visibility import own_deposits
from repository.states import DepositState


@dataclass(frozen=True, slots=True)
class DepositSummary:
    """A line in a list of deposits."""

    id: str
    title: str
    state: str
    state_label: str
    created_at: dt.datetime
    updated_at: dt.datetime
    url: str


@dataclass(frozen=True, slots=True)
class DepositPage:
    """A page of a person's deposits; `continue_after` is where the next one begins."""

    deposits: tuple[DepositSummary, ...]
    continue_after: tuple[str, str] | None


def list_own_deposits(user: User) -> QuerySet[Deposit]:
    """Return the person's deposits, newest first, to be cut into pages."""
    return own_deposits(user).order_by("-created_at", "-id")


def list_open_deposits(user: User, *, size: int = 20) -> list[Deposit]:
    """Return the newest of the person's deposits that may still change."""
    return list(list_own_deposits(user).exclude(state=DepositState.PUBLISHED)[:size])


def summarize_deposit(deposit: Deposit) -> DepositSummary:
    """Return the line for a list."""
    return DepositSummary(
        id=deposit.pk,
        title=deposit.title,
        state=deposit.state,
        state_label=deposit.get_state_display(),
        created_at=deposit.created_at,
        updated_at=deposit.updated_at,
        url=addresses.deposit_page(deposit.pk),
    )


def list_deposit_page(user: User, *, size: int, after: tuple[str, str] | None = None) -> DepositPage:
    """Return the person's deposits, newest first, from where the last page ended."""
    deposits = list_own_deposits(user)
    if after is not None:
        moment, last_id = dt.datetime.fromisoformat(after[0]), after[1]
        deposits = deposits.filter(Q(created_at__lt=moment) | Q(created_at=moment, pk__lt=last_id))
    rows = list(deposits[: size + 1])
    last = rows[size - 1] if len(rows) > size else None
    return DepositPage(
        deposits=tuple(summarize_deposit(row) for row in rows[:size]),
        continue_after=(last.created_at.isoformat(), last.pk) if last else None,
    )
