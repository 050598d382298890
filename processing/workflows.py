"""What pages, API and commands may start, and what follows a job. They know this module, not the jobs behind it."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from django.db import transaction

from ingest import workflows as ingest_workflows
from ingest.workflows import JUDGED_WHILE_HELD, follow_pictures, group_deposit, sort_deposit, submit_deposit
from processing.declarations.book import get_book
from processing.declarations.manifest import AskedRecipe
from processing.services.first_pictures import has_outdated_pictures, list_outdated_pictures
from processing.services.reduction import check_request, is_outdated, list_outdated
from repository.errors import StateConflictError
from repository.models import Deposit, Job, Measurement, MetadataRevision, User
from repository.selectors.identifying import list_deposit_identifying
from repository.services.answers import TableChange
from repository.services.audit import record_event
from repository.services.deposits import lock_deposit, move_if_possible
from repository.services.identifying import mask_values
from repository.services.jobs import cancel_measurement_jobs
from repository.services.roles import RoleWish, set_roles
from repository.states import DepositMove
from repository.workflows.jobs import enqueue_job
from repository.workflows.publishing import publish_dataset_version, revise_dataset_version

if TYPE_CHECKING:
    from processing.services.checksums import Outdated

__all__ = [
    "change_answers",
    "correct_version",
    "follow_conversion",
    "follow_first_pictures",
    "follow_pictures",
    "follow_records",
    "follow_reduction",
    "group_deposit",
    "mask_deposit",
    "publish_dataset_version",
    "reconvert_drafts",
    "refresh_deposit",
    "request_reduction",
    "set_deposit_roles",
    "sort_deposit",
    "submit_deposit",
]


def refresh_deposit(*, deposit_id: str, measurement_ids: Collection[str] | None = None) -> None:
    """Check a deposit after its document changed; open or reduce again what the new words change.

    Where it is known of which measurements the change speaks, only these are looked at.
    """
    with transaction.atomic():
        ingest_workflows.read_deposit_again(deposit_id=deposit_id, measurement_ids=measurement_ids)
        _reduce_outdated(Deposit.objects.get(pk=deposit_id), measurement_ids)


def change_answers(*, deposit_id: str, write: Callable[[], TableChange]) -> TableChange:
    """Write answers, and have looked at what they are about and at nothing else.

    Of few measurements that is one step: nobody sees answers that the cells do not show, whatever ends between. Of many
    the deposit is not held that long: others write meanwhile, and a process that ends in between leaves cells that the
    next answer for them, handing in or publishing brings up to date.
    """
    with transaction.atomic():
        change = write()
        is_little = len(change.measurement_ids) <= JUDGED_WHILE_HELD
        if change.id is not None and is_little:
            refresh_deposit(deposit_id=deposit_id, measurement_ids=change.measurement_ids)
    if change.id is not None and not is_little:
        refresh_deposit(deposit_id=deposit_id, measurement_ids=change.measurement_ids)
    return change


def correct_version(
    *,
    dataset_id: str,
    number: int,
    actor: User,
    patch: Mapping[str, Any],
    reason: str,
    accept_warnings: Sequence[Mapping[str, Any]] = (),
    expected_revisions: Collection[int] | None = None,
) -> MetadataRevision:
    """Correct what a version says; a draft of the next version, which is corrected with it, is checked again."""
    with transaction.atomic():
        revision = revise_dataset_version(
            dataset_id=dataset_id,
            number=number,
            actor=actor,
            patch=patch,
            reason=reason,
            accept_warnings=accept_warnings,
            expected_revisions=expected_revisions,
        )
        if not Deposit.objects.filter(pk=dataset_id, state=Deposit.State.PUBLISHED).exists():
            refresh_deposit(deposit_id=dataset_id)
    return revision


def mask_deposit(*, deposit_id: str, actor: User, mask: Collection[str], unmask: Collection[str]) -> None:
    """Withhold what a deposit says of people and machines, or show it again, and check what that answers."""
    with transaction.atomic():
        lines = list_deposit_identifying(lock_deposit(deposit_id=deposit_id))
        change_answers(
            deposit_id=deposit_id,
            write=lambda: mask_values(
                deposit_id=deposit_id, actor=actor, lines=lines, mask=mask, unmask=unmask
            ),
        )


def set_deposit_roles(*, deposit_id: str, actor: User, wishes: Sequence[RoleWish]) -> None:
    """Say what measurements are to others, and check what that answers."""
    with transaction.atomic():
        set_roles(deposit_id=deposit_id, actor=actor, wishes=wishes)
        refresh_deposit(deposit_id=deposit_id)


def request_reduction(*, measurement_id: str, actor: User, recipe: str, parameters: Mapping[str, Any]) -> Job:
    """Have a recipe run over a converted measurement.

    Raises
    ------
    ReductionRefusedError
        There is no such recipe, it takes other parameters, or nothing that it works on is there.
    StateConflictError
        The measurement has no arrays yet.
    """
    with transaction.atomic():
        found = Measurement.objects.get(pk=measurement_id)
        deposit = lock_deposit(deposit_id=found.deposit_id)
        measurement = Measurement.objects.get(pk=measurement_id)
        known = get_book().find(recipe)
        asked = check_request(
            measurement, AskedRecipe(recipe, 0 if known is None else known.version, dict(parameters))
        )
        if measurement.state != Measurement.State.CONVERTED:
            raise StateConflictError(
                f"The measurement {measurement_id} has no arrays yet.", hint="Ask again once it is converted."
            )
        job = enqueue_job(
            kind="reduce_measurement", target=measurement_id, deposit=deposit, parameters=asked.as_dict()
        )
        if measurement.frozen_at is None:
            move_if_possible(deposit_id=deposit.pk, move=DepositMove.READ_AGAIN)
        record_event(actor=actor, action="reduction.request", target=measurement_id, detail=asked.as_dict())
    return job


def follow_conversion(measurement: Measurement) -> None:
    """End what the conversion made superfluous, and catch up with what was answered meanwhile."""
    cancel_measurement_jobs([measurement.pk], kinds=["preview_measurement"])
    follow_reduction(measurement)


def follow_reduction(measurement: Measurement) -> None:
    """Have reduced again what was answered while the arrays were being made."""
    if is_outdated(measurement):
        enqueue_job(kind="reduce_measurement", target=measurement.pk, deposit=measurement.deposit)


def follow_records() -> int:
    """Have drafts catch up whose arrays, pictures or results are not what their records say; return how many.

    An earlier version of the program may have made them otherwise. What is published stays.
    """
    count = 0
    for deposit_id in Deposit.objects.exclude(state=Deposit.State.PUBLISHED).values_list("pk", flat=True):
        with transaction.atomic():
            deposit = lock_deposit(deposit_id=deposit_id)
            count += _reduce_outdated(deposit)
    return count


def _reduce_outdated(deposit: Deposit, measurement_ids: Collection[str] | None = None) -> int:
    """Enqueue what of some measurements, or all, has to follow the record; call it with the deposit locked."""
    if deposit.state not in DepositMove.READ_AGAIN.value.sources:
        return 0
    outdated = list_outdated(deposit, measurement_ids)
    pictures = list_outdated_pictures(deposit, measurement_ids)
    for measurement_id in outdated:
        enqueue_job(kind="reduce_measurement", target=measurement_id, deposit=deposit)
    for measurement_id in pictures:
        enqueue_job(kind="preview_measurement", target=measurement_id, deposit=deposit)
    if outdated or pictures:
        move_if_possible(deposit_id=deposit.pk, move=DepositMove.READ_AGAIN)
    return len(outdated)


def follow_first_pictures(measurement: Measurement) -> None:
    """Have the first pictures drawn again where the record says other lengths by now; the arrays come after all."""
    if has_outdated_pictures(measurement):
        enqueue_job(kind="preview_measurement", target=measurement.pk, deposit=measurement.deposit)
    follow_pictures(measurement)


def reconvert_drafts() -> "Outdated":
    """Convert the arrays of drafts again that have no checksums in their chunks, or are damaged.

    Arrays of published versions stay as they are: their objects are named, with their digests, by what was published.
    """
    # Web processes know this module, and no array library comes into them.
    from processing.services.checksums import find_outdated_arrays  # noqa: PLC0415

    outdated = find_outdated_arrays()
    for measurement_id in outdated.drafts:
        with transaction.atomic():
            measurement = Measurement.objects.select_related("deposit").get(pk=measurement_id)
            enqueue_job(kind="convert_measurement", target=measurement_id, deposit=measurement.deposit)
            move_if_possible(deposit_id=measurement.deposit_id, move=DepositMove.READ_AGAIN)
    return outdated
