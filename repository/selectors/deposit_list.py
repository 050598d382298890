import datetime as dt
from dataclasses import dataclass

from django.db.models import Q

from repository.models import User
from repository.selectors.deposits import DepositSummary, list_own_deposits, summarize_deposit


@dataclass(frozen=True, slots=True)
class DepositPage:
    """A page of a person's deposits; `continue_after` is where the next one begins."""

    deposits: tuple[DepositSummary, ...]
    continue_after: tuple[str, str] | None


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
