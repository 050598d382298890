"""Techniques become answers: what is sure of the proposals, and what a person says of named files."""

from collections.abc import Iterable, Mapping, Sequence

from django.db import transaction

from repository.errors import InvalidMetadataError
from repository.models import Deposit, Measurement, User
from repository.schema.documents.levels import SINGLE
from repository.schema.documents.path_patterns import matches_pattern
from repository.schema.places import escape_pointer
from repository.schema.questions.fields import load_catalogue
from repository.schema.questions.techniques import find_impossible
from repository.services.answer_writes import AnswerResult, Wish
from repository.services.answers import TableChange, write_answers
from repository.services.deposits import lock_deposit, require_answerable
from repository.services.sorting import MOST_PATTERNS

FIELD = "technique"
_OF_THE_FILE = frozenset({None, "header"})
"""Where a technique stands that nobody has answered: nowhere, or in the header."""


def confirm_techniques(
    *,
    deposit_id: str,
    actor: User,
    named: Mapping[str, Sequence[str]],
    is_sure_confirmed: bool = False,
) -> TableChange:
    """Answer techniques, each under the path of its own file: all of it, or nothing.

    Parameters
    ----------
    named
        Path of a primary file, or pattern of such paths, to techniques. A path goes before every pattern, and a later
        pattern before an earlier one.
    is_sure_confirmed
        Confirm every proposal that is sure, of measurements that are not named and whose technique nobody answered.

    Raises
    ------
    InvalidMetadataError
        A name is of no measurement, or a technique cannot be what its arrays hold.
    """
    with transaction.atomic():
        deposit = lock_deposit(deposit_id=deposit_id)
        require_answerable(deposit)
        measurements = _list_measurements(deposit)
        wanted = _choose_named(deposit, measurements, named)
        if is_sure_confirmed:
            proposed = {one.pk: one.proposal for one in measurements if _is_unanswered(one, deposit)}
            sure = {
                pk: found.techniques for pk, found in proposed.items() if found is not None and found.sure
            }
            wanted = {**sure, **wanted}
        change = write_answers(deposit_id=deposit.pk, actor=actor, wishes=list(_build_wishes(wanted)))
        refused = next((one for one in change.results if one.result == "refused"), None)
        if refused is not None:
            raise _refuse(refused, measurements, named)
    return change


def _list_measurements(deposit: Deposit) -> list[Measurement]:
    rows = deposit.current_measurements.select_related("primary_file").prefetch_related("signals")
    return list(rows.defer("header", "looked_for", "hints"))


def _choose_named(
    deposit: Deposit, measurements: Sequence[Measurement], named: Mapping[str, Sequence[str]]
) -> dict[str, tuple[str, ...]]:
    """Return the techniques that were named, by the id of the measurement."""
    ids = {one.primary_file.path: one.pk for one in measurements}
    count = sum(name not in ids for name in named)
    if count > MOST_PATTERNS:
        raise InvalidMetadataError(
            f"{count:,} names lead no measurement; of patterns {MOST_PATTERNS} are taken at once.",
            pointer="/techniques",
            hint="Nothing was changed. Name the files that lead measurements, or write fewer patterns.",
        )
    chosen: dict[str, tuple[str, ...]] = {}
    for name, techniques in named.items():
        fitting = [] if name in ids else [pk for path, pk in ids.items() if matches_pattern(path, name)]
        if name not in ids and not fitting:
            raise InvalidMetadataError(
                _describe_unknown(deposit, name),
                pointer=f"/techniques/{escape_pointer(name)}",
                hint="Nothing was changed. Name the file that leads a measurement; the deposit's table lists them.",
            )
        chosen |= dict.fromkeys(fitting, tuple(techniques))
    return {**chosen, **{ids[name]: tuple(said) for name, said in named.items() if name in ids}}


def _describe_unknown(deposit: Deposit, name: str) -> str:
    part = (
        deposit.measurements.filter(files__path=name, left_out_at=None).select_related("primary_file").first()
    )
    if part is not None:
        return f"{name} is part of the measurement that {part.primary_file.path} leads."
    if deposit.current_files.filter(path=name).exists():
        return f"{name} is in the deposit, but is not read as a measurement, or not yet."
    return f"No measurement of the deposit {deposit.pk} is led by {name}."


def _is_unanswered(measurement: Measurement, deposit: Deposit) -> bool:
    """Say whether nobody has said its technique; cells are as new as the last look, the document is newer."""
    cell = measurement.cells.get(FIELD, {})
    own = deposit.document.get(SINGLE, {}).get(measurement.primary_file.path, {})
    return cell.get("level") in _OF_THE_FILE and not own.get(FIELD)


def _build_wishes(wanted: Mapping[str, tuple[str, ...]]) -> Iterable[Wish]:
    for techniques in dict.fromkeys(wanted.values()):
        keys = tuple(pk for pk, said in wanted.items() if said == techniques)
        yield Wish(FIELD, "measurement", "value", keys=keys, value=list(techniques))


def _refuse(
    refused: AnswerResult, measurements: Sequence[Measurement], named: Mapping[str, Sequence[str]]
) -> InvalidMetadataError:
    """Return the refusal of all, with what the technique of this file can be."""
    one = next(each for each in measurements if each.pk == refused.key)
    shapes = one.shapes
    words = load_catalogue().words(FIELD)
    possible = ", ".join(word for word in words if find_impossible([word], shapes) is None)
    name = (
        refused.path
        if refused.path in named
        else next((each for each in named if matches_pattern(refused.path, each)), refused.path)
    )
    return InvalidMetadataError(
        f"{refused.path}: {refused.message}",
        pointer=f"/techniques/{escape_pointer(name)}",
        hint=f"Nothing was changed. It can be: {possible}.",
    )
