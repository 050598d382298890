"""Grouping by hand: a file goes to another measurement, becomes one of its own, or is part of none.

Only measurements whose files change are read again; they keep their ids, unless a version holds them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from django.utils import timezone

from repository.errors import (
    DepositAlreadyPublishedError,
    DepositBusyError,
    InvalidMetadataError,
    StateConflictError,
)
from repository.models import DataFile, Deposit, Finding, Job, Measurement, MeasurementFile, Sorting, User
from repository.schema.placements import Group, Placement, apply_placements
from repository.services.audit import record_event
from repository.services.deposits import bump_revision, lock_deposit
from repository.services.jobs import cancel_measurement_jobs
from repository.services.succession import create_measurement, leave_out
from repository.services.validation import READING_JOBS
from repository.states import ACTIVE_STATES

OF_THE_GUESS = ("companion_missing", "raw_data_not_read")
"""What is found while files are grouped by the formats' rules; where a person groups them it is not so."""
Place = Sorting.Place


@dataclass(frozen=True, slots=True)
class Move:
    """Where files are to go; `beside` is the id or the primary file of the measurement that they are to join.

    An empty place is the one that the formats' rules give.
    """

    place: str
    paths: tuple[str, ...]
    beside: str = ""


@dataclass(slots=True)
class Regrouped:
    """What a grouping changed.

    Attributes
    ----------
    former
        Where each file was before, in the order in which moving it back undoes the change.
    to_open
        Measurements whose files are others now.
    needs_look
        Whether files are to be grouped by the formats' rules again.
    """

    deposit: Deposit
    former: list[Move] = field(default_factory=list)
    to_open: list[str] = field(default_factory=list)
    needs_look: bool = False


@dataclass(frozen=True, slots=True)
class _Standing:
    """The files of a deposit and how they are grouped now."""

    files: Mapping[str, DataFile]
    measurements: Mapping[str, Measurement]
    groups: Mapping[str, Group]

    def find_leader(self, name: str) -> str | None:
        """Return the primary path of the measurement with an id, or that a file leads."""
        if name in self.groups:
            return name
        return next((path for path, one in self.measurements.items() if one.pk == name), None)

    def describe_place(self, path: str) -> Move:
        """Return where a file is."""
        if path in self.groups:
            return Move(Place.OWN, (path,))
        leader = next((one for one, group in self.groups.items() if path in group.paths), "")
        return Move(Place.WITH, (path,), leader) if leader else Move(Place.ALONE, (path,))


def read_placements(deposit: Deposit) -> dict[str, Placement]:
    """Return where persons put files, by path."""
    rows = deposit.sortings.exclude(place=Place.RECOGNIZED)
    return {
        path: Placement(place, beside) for path, place, beside in rows.values_list("path", "place", "beside")
    }


def place_files(*, deposit_id: str, actor: User, moves: Sequence[Move]) -> Regrouped:
    """Group files as a person says; all of it, or nothing where one move is not possible.

    Call it in a transaction: what is to be opened again is enqueued there.

    Raises
    ------
    InvalidMetadataError
        A file or measurement is not there, or the file cannot go where it is to.
    StateConflictError
        The files were not looked at yet, or are just being.
    """
    deposit = lock_deposit(deposit_id=deposit_id)
    _require_grouped(deposit)
    standing = _read_standing(deposit)
    outcome = Regrouped(deposit)
    placed: dict[str, Placement] = {}
    for number, move in enumerate(moves):
        beside = _check_move(move, standing, f"/moves/{number}")
        for path in move.paths:
            outcome.former.insert(0, standing.describe_place(path))
            placed[path] = Placement(move.place, beside)
    _write_rows(deposit, actor, placed)
    outcome.needs_look = any(one.place == Place.RECOGNIZED for one in placed.values())
    wanted = apply_placements(
        standing.groups.values(),
        {path: one for path, one in placed.items() if one.place != Place.RECOGNIZED},
        {path: file.format for path, file in standing.files.items() if file.opens_alone},
    )
    outcome.to_open = _regroup(deposit, standing, wanted)
    forget_guesses(deposit, placed)
    bump_revision(deposit)
    record_event(
        actor=actor,
        action="deposit.group",
        target=deposit.pk,
        detail={"moves": [[move.place, *move.paths[:20], move.beside] for move in moves[:50]]},
    )
    return outcome


def forget_guesses(deposit: Deposit, placed: Iterable[str]) -> None:
    """Take back what was found while guessing about files that a person placed, and about what they joined."""
    paths = set(placed)
    touched = deposit.current_measurements.filter(parts__data_file__path__in=paths)
    beside = MeasurementFile.objects.filter(measurement__in=touched).values_list("data_file__path", flat=True)
    Finding.objects.filter(
        deposit=deposit,
        stage=Finding.Stage.RECOGNITION,
        code__in=OF_THE_GUESS,
        data_file__path__in=paths | set(beside),
    ).delete()


def _require_grouped(deposit: Deposit) -> None:
    if deposit.state == Deposit.State.PUBLISHED:
        raise DepositAlreadyPublishedError(f"The deposit {deposit.pk} is published and cannot change.")
    if Job.objects.filter(deposit=deposit, kind="inspect_deposit", state__in=ACTIVE_STATES).exists():
        raise DepositBusyError(
            f"The files of {deposit.pk} are just being looked at.",
            hint="Try again in a moment: which belong together is known then.",
        )
    if deposit.state == Deposit.State.DRAFT:
        raise StateConflictError(
            f"The files of {deposit.pk} were not looked at since they changed.",
            hint="Hand the deposit in first; then group what was grouped wrongly.",
        )


def _read_standing(deposit: Deposit) -> _Standing:
    rows = deposit.current_measurements.select_related("primary_file").prefetch_related("parts__data_file")
    measurements = {one.primary_file.path: one for one in rows.defer("header")}
    aside = deposit.sortings.filter(fate=Sorting.Fate.ASIDE).values("path")
    stored = deposit.current_files.filter(state=DataFile.State.STORED).exclude(path__in=aside)
    return _Standing(
        files={file.path: file for file in stored},
        measurements=measurements,
        groups={
            path: Group(one.format, tuple(part.data_file.path for part in one.parts.all()))
            for path, one in measurements.items()
        },
    )


def _check_move(move: Move, standing: _Standing, pointer: str) -> str:
    """Return the primary path of the measurement to join, if any; refuse what is not possible."""
    leader = standing.find_leader(move.beside) if move.place == Place.WITH else None
    if move.place == Place.WITH and leader is None:
        raise InvalidMetadataError(
            f"The deposit has no measurement {move.beside}.",
            pointer=f"{pointer}/with",
            hint="Write its id or the path of its primary file.",
        )
    for place, path in enumerate(move.paths):
        _check_file(move, path, leader or "", standing, f"{pointer}/paths/{place}")
    return leader or ""


def _check_file(move: Move, path: str, leader: str, standing: _Standing, pointer: str) -> None:
    file = standing.files.get(path)
    if file is None:
        raise InvalidMetadataError(
            f"The deposit has no file {path} that could be grouped.",
            pointer=pointer,
            hint="Write the path as it stands in the deposit; restore it first if it is set aside.",
        )
    if move.place == Place.OWN and not file.opens_alone and path not in standing.groups:
        what = file.format_label or "not recognized"
        raise InvalidMetadataError(
            f"{path} cannot be a measurement of its own: {what} is not read by itself.",
            pointer=pointer,
            hint="Let it go with the file that it belongs to, or be part of none: it is kept and published as it is.",
        )
    if move.place != Place.WITH:
        return
    if path == leader:
        raise InvalidMetadataError(
            f"{path} leads that measurement.", pointer=pointer, hint="Name another measurement."
        )
    others = len(standing.groups[path].paths) - 1 if path in standing.groups else 0
    if others:
        raise InvalidMetadataError(
            f"{path} leads a measurement with {others} other file{'s' * (others != 1)}, which would be part of none.",
            pointer=pointer,
            hint="Move these first, or make the file part of no measurement.",
        )


def _write_rows(deposit: Deposit, actor: User, placed: Mapping[str, Placement]) -> None:
    now = timezone.now()
    rows = {row.path: row for row in deposit.sortings.filter(path__in=placed)}
    fresh = [Sorting(deposit=deposit, path=path) for path in placed if path not in rows]
    for row in (*rows.values(), *fresh):
        row.place, row.beside, row.by, row.at = placed[row.path].place, placed[row.path].beside, actor, now
    Sorting.objects.bulk_update(rows.values(), ["place", "beside", "by", "at"], batch_size=500)
    Sorting.objects.bulk_create(fresh)


def _regroup(deposit: Deposit, standing: _Standing, wanted: Sequence[Group]) -> list[str]:
    """Make the measurements what the groups say; return the ids of those that are to be opened."""
    changed = [group for group in wanted if standing.groups.get(group.paths[0]) != group]
    gone = [
        standing.measurements[path].pk for path in set(standing.groups) - {one.paths[0] for one in wanted}
    ]
    touched = [standing.measurements[one.paths[0]].pk for one in changed if one.paths[0] in standing.groups]
    cancel_measurement_jobs([*gone, *touched], kinds=READING_JOBS)
    leave_out(deposit.measurements.filter(pk__in=gone))
    deposit.measurements.filter(pk__in=gone, frozen_at__isnull=True).delete()
    return [_make(deposit, standing, group) for group in changed]


def _make(deposit: Deposit, standing: _Standing, group: Group) -> str:
    files = [standing.files[path] for path in group.paths]
    former = standing.measurements.get(group.paths[0])
    if former is not None and former.frozen_at is None and former.format == group.format:
        former.parts.all().delete()
        MeasurementFile.objects.bulk_create(
            MeasurementFile(measurement=former, data_file=file, position=position)
            for position, file in enumerate(files)
        )
        return str(former.pk)
    ordinal = former.ordinal if former is not None else len(standing.groups)
    created = create_measurement(
        deposit=deposit, files=files, file_format=group.format, ordinal=ordinal, former=former
    )
    return str(created.pk)
