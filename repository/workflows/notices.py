"""The mail that says that a deposit was read and what waits: its owner need not keep the page open."""

from django.db import transaction
from django.db.models.functions import Now

from repository.models import Deposit
from repository.models.account_addresses import find_address
from repository.selectors import addresses
from repository.selectors.arrived import describe_arrived
from repository.services.validation import list_obstacles
from repository.workflows.mail import write_to

_MOST_NAMED = 5
_LONGEST_TITLE = 120


def tell_when_read(*, deposit_id: str) -> bool:
    """Write to the owner once, when nothing is read any more and something waits; return whether that was done.

    Call it in the transaction that settles a reading. Who gave no address that was confirmed, or wants no such mail, is
    told by the page alone.
    """
    with transaction.atomic():
        deposit = Deposit.objects.select_for_update(of=("self",)).select_related("owner").get(pk=deposit_id)
        is_over = deposit.state == Deposit.State.NEEDS_ATTENTION
        is_kept = deposit.read_until == Deposit.ReadUntil.CONVERTED
        if not (is_over and is_kept) or deposit.told_at is not None:
            return False
        address, is_confirmed = find_address(deposit.owner)
        if not is_confirmed or not deposit.owner.mails_when_read or not deposit.owner.is_active:
            return False
        write_to(recipient=address, subject=_title(deposit), text=_compose(deposit))
        Deposit.objects.filter(pk=deposit.pk).update(told_at=Now())
    return True


def _title(deposit: Deposit) -> str:
    title = " ".join(deposit.title.split())[:_LONGEST_TITLE]
    return f"Read, and waiting for you: {title or deposit.pk}"


def _compose(deposit: Deposit) -> str:
    obstacles = list_obstacles(deposit)
    errors = [one for one in obstacles if one.severity == "error"]
    warnings = len(obstacles) - len(errors)
    waits = [f"{len(errors)} point{'s' * (len(errors) != 1)} to settle"] if errors else []
    waits += [f"{warnings} warning{'s' * (warnings != 1)} to acknowledge"] if warnings else []
    lines = [
        f"Your deposit {deposit.pk} was read. {describe_arrived(deposit).sentence}",
        f"Before it can be published there {'is' if len(obstacles) == 1 else 'are'} {' and '.join(waits)}:",
        "",
        *(
            f"  - {' '.join(one.message.split())}"
            for one in (*errors, *obstacles[len(errors) :])[:_MOST_NAMED]
        ),
        *([f"  … and {len(obstacles) - _MOST_NAMED} more"] if len(obstacles) > _MOST_NAMED else []),
        "",
        "Go on here:",
        f"    {addresses.deposit_page(deposit.pk)}",
        "",
        "There is one such mail for each deposit. If you want none, say so on the page of your account:",
        f"    {addresses.account_page()}",
        "",
    ]
    return "\n".join(lines)
