"""Deciding what becomes of the files that arrived: publish, keep private, discard; and what nobody meant to send.

A decision is one row for a path. Reading goes on as before; `repository.models.sorting` says what the next version
holds.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from django.utils import timezone

from repository.errors import DepositAlreadyPublishedError, InvalidMetadataError
from repository.models import Deposit, Measurement, Sorting, User
from repository.schema.documents.path_patterns import matches_pattern
from repository.schema.file_names import is_dropping
from repository.services.audit import record_event
from repository.services.deposits import bump_revision, lock_deposit
from repository.services.jobs import cancel_measurement_jobs
from repository.services.validation import READING_JOBS

Fate = Sorting.Fate
MOST_NAMED = 5000
MOST_PATTERNS = 100
"""Of one request: each is compared with every file."""
_WILD = frozenset("*?")
_READ = frozenset({Measurement.State.CONVERTED, Measurement.State.FAILED})


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to become of some files.

    Attributes
    ----------
    measurements
        Ids; each goes with its files.
    paths
        Files that are part of no measurement, primary files, or patterns that name any of these.
    """

    fate: str
    measurements: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()


@dataclass(slots=True)
class Sorted:
    """What a decision changed.

    Attributes
    ----------
    former
        What each changed path was before: asked for again, it undoes the decision.
    to_open
        Measurements whose reading was ended when they were discarded, and goes on now.
    restored
        Whether a file that nobody had looked at is one of the deposit's now.
    """

    deposit: Deposit
    former: dict[str, str] = field(default_factory=dict)
    to_open: list[str] = field(default_factory=list)
    restored: bool = False


@dataclass(frozen=True, slots=True)
class _Arrived:
    """The files of a draft: whose primary file leads which measurement, and which go along."""

    leading: Mapping[str, Measurement]
    companions: Mapping[str, str]
    loose: frozenset[str]
    by_id: Mapping[str, str]

    def list_deciding(self) -> Iterator[str]:
        yield from self.leading
        yield from sorted(self.loose)


def sort_files(*, deposit_id: str, actor: User, wishes: Sequence[Wish]) -> Sorted:
    """Write down what becomes of files; all of it, or nothing where something named is not there.

    Call it in a transaction: what is to be opened again is enqueued there.

    Raises
    ------
    InvalidMetadataError
        Something named is not in the deposit, or goes along with another file.
    """
    deposit = lock_deposit(deposit_id=deposit_id)
    if deposit.state == Deposit.State.PUBLISHED:
        raise DepositAlreadyPublishedError(f"The deposit {deposit.pk} is published and cannot change.")
    arrived = _list_arrived(deposit)
    _refuse_many_patterns(wishes, arrived)
    wanted: dict[str, str] = {}
    for number, wish in enumerate(wishes):
        for path in _resolve(wish, arrived, f"/changes/{number}"):
            wanted[path] = wish.fate
    rows = {row.path: row for row in deposit.sortings.filter(path__in=wanted)}
    changed = {
        path: fate
        for path, fate in wanted.items()
        if fate != (rows[path].fate if path in rows else Fate.PUBLISH)
    }
    outcome = Sorted(deposit)
    if not changed:
        return outcome
    outcome.former = {path: rows[path].fate if path in rows else str(Fate.PUBLISH) for path in changed}
    _write(deposit, actor, rows, changed)
    _stop_and_go_on(outcome, arrived, changed)
    bump_revision(deposit)
    counts = {fate: sum(one == fate for one in changed.values()) for fate in set(changed.values())}
    record_event(
        actor=actor,
        action="deposit.sort",
        target=deposit.pk,
        detail={"counts": counts, "paths": sorted(changed)[:100]},
    )
    return outcome


def _list_arrived(deposit: Deposit) -> _Arrived:
    leading: dict[str, Measurement] = {}
    companions: dict[str, str] = {}
    measurements = deposit.current_measurements.only("pk", "state", "frozen_at", "primary_file", "deposit")
    for measurement in measurements.select_related("primary_file").prefetch_related("parts__data_file"):
        primary = measurement.primary_file.path
        leading[primary] = measurement
        for part in measurement.parts.all():
            companions.setdefault(part.data_file.path, primary)
    paths = set(deposit.current_files.values_list("path", flat=True))
    return _Arrived(
        leading,
        {path: primary for path, primary in companions.items() if path not in leading},
        frozenset(paths - set(leading) - set(companions)),
        {measurement.pk: path for path, measurement in leading.items()},
    )


def _refuse_many_patterns(wishes: Sequence[Wish], arrived: _Arrived) -> None:
    known = arrived.leading.keys() | arrived.companions.keys() | arrived.loose
    count = sum(path not in known for wish in wishes for path in wish.paths)
    if count > MOST_PATTERNS:
        raise InvalidMetadataError(
            f"{count:,} names are no files of the deposit; of patterns {MOST_PATTERNS} are taken at once.",
            pointer="/changes",
            hint="Write paths as they stand in the deposit, or fewer patterns.",
        )


def _resolve(wish: Wish, arrived: _Arrived, pointer: str) -> Iterator[str]:
    """Yield the paths that decide about what a wish names."""
    by_id = arrived.by_id
    for place, measurement_id in enumerate(wish.measurements):
        if measurement_id not in by_id:
            raise InvalidMetadataError(
                f"The deposit has no measurement {measurement_id}.",
                pointer=f"{pointer}/measurements/{place}",
                hint="Reload the deposit: files that were grouped anew make other measurements.",
            )
        _require_possible(wish.fate, by_id[measurement_id], arrived, f"{pointer}/measurements/{place}")
        yield by_id[measurement_id]
    for place, path in enumerate(wish.paths):
        yield from _resolve_path(wish.fate, path, arrived, f"{pointer}/paths/{place}")


def _resolve_path(fate: str, path: str, arrived: _Arrived, pointer: str) -> Iterable[str]:
    if path in arrived.companions:
        raise InvalidMetadataError(
            f"{path} is part of the measurement of {arrived.companions[path]} and goes with it.",
            pointer=pointer,
            hint="Decide about that measurement, or move the file out of it first.",
        )
    if path in arrived.leading or path in arrived.loose:
        named = [path]
    else:
        named = [one for one in arrived.list_deciding() if matches_pattern(one, path)]
    if not named:
        raise InvalidMetadataError(
            f"The deposit has no file {path}.",
            pointer=pointer,
            hint="Write the path as it stands in the deposit, or a pattern: * within a folder, ** across folders."
            if not _WILD.isdisjoint(path)
            else "Write the path as it stands in the deposit.",
        )
    for one in named:
        _require_possible(fate, one, arrived, pointer)
    return named


def _require_possible(fate: str, path: str, arrived: _Arrived, pointer: str) -> None:
    if fate == Fate.ASIDE and path in arrived.leading:
        raise InvalidMetadataError(
            f"{path} is a measurement; only what is none is set aside.",
            pointer=pointer,
            hint="Keep it private, or discard it.",
        )


def _write(
    deposit: Deposit, actor: User | None, rows: Mapping[str, Sorting], changed: Mapping[str, str]
) -> None:
    now = timezone.now()
    old = [rows[path] for path in changed if path in rows]
    for row in old:
        row.fate, row.by, row.at = changed[row.path], actor, now
    Sorting.objects.bulk_update(old, ["fate", "by", "at"], batch_size=500)
    Sorting.objects.bulk_create(
        Sorting(deposit=deposit, path=path, fate=fate, by=actor, at=now)
        for path, fate in changed.items()
        if path not in rows
    )


def _stop_and_go_on(outcome: Sorted, arrived: _Arrived, changed: Mapping[str, str]) -> None:
    """End the work on what is discarded; note what goes on because it is not any more."""
    discarded = [arrived.leading[path].pk for path, fate in changed.items() if _leads(arrived, path, fate)]
    cancel_measurement_jobs(discarded, kinds=READING_JOBS)
    for path, fate in changed.items():
        was = outcome.former[path]
        if path in arrived.leading:
            measurement = arrived.leading[path]
            is_back = was == Fate.DISCARD and fate != Fate.DISCARD
            if is_back and measurement.state not in _READ and measurement.frozen_at is None:
                outcome.to_open.append(measurement.pk)
        outcome.restored |= was == Fate.ASIDE and fate != Fate.ASIDE


def _leads(arrived: _Arrived, path: str, fate: str) -> bool:
    return fate == Fate.DISCARD and path in arrived.leading


def set_droppings_aside(deposit: Deposit, paths: Iterable[str]) -> None:
    """Set aside what nobody means to deposit, by its name; where a person decided otherwise, that stands."""
    rows = [Sorting(deposit=deposit, path=path, fate=Fate.ASIDE) for path in paths if is_dropping(path)]
    Sorting.objects.bulk_create(rows, ignore_conflicts=True)


def forget_sorting(deposit: Deposit, path: str) -> None:
    """Forget what was decided about a file that is taken out of the deposit."""
    deposit.sortings.filter(path=path).delete()
    deposit.sortings.filter(place=Sorting.Place.WITH, beside=path).update(
        place=Sorting.Place.RECOGNIZED, beside=""
    )


def restore_sortings(deposit: Deposit) -> None:
    """Let every file be again what the newest version left it as, because the next one is given up."""
    there: Collection[str] = deposit.files.values_list("path", flat=True)
    deposit.sortings.exclude(path__in=there).delete()
    deposit.sortings.filter(kept_as="").update(fate=Fate.PUBLISH)
    for fate in (Fate.PRIVATE, Fate.ASIDE):
        deposit.sortings.filter(kept_as=fate).update(fate=fate)
