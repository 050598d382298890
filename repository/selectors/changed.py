"""What a change of a deposit can have moved, for whoever holds the rest already."""

from dataclasses import dataclass

from django.db.models import Count, Q

from repository.models import Deposit
from repository.models.sorting import version_findings


@dataclass(frozen=True, slots=True)
class ObstaclesView:
    """How many errors, and warnings that nobody has acknowledged, stand between a deposit and its version."""

    to_settle: int
    to_acknowledge: int


@dataclass(frozen=True, slots=True)
class ChangedView:
    """A deposit without its files, measurements and answers."""

    id: str
    state: str
    revision: int
    title: str
    obstacles: ObstaclesView


def describe_changed(deposit: Deposit) -> ChangedView:
    """Return what is small of a deposit, in one question to the database."""
    accepted = [entry["code"] for entry in deposit.accepted_warnings]
    counted = version_findings(deposit).aggregate(
        to_settle=Count("pk", filter=Q(severity="error")),
        to_acknowledge=Count("pk", filter=Q(severity="warning") & ~Q(code__in=accepted)),
    )
    return ChangedView(deposit.pk, deposit.state, deposit.revision, deposit.title, ObstaclesView(**counted))
