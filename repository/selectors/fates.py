"""What becomes of the files of a draft, as whoever sees the draft is shown it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from repository.models import DataFile, Deposit, Sorting
from repository.models.sorting import withheld_files

PUBLISH = str(Sorting.Fate.PUBLISH)


@dataclass(frozen=True, slots=True)
class Fates:
    """What was decided, by path; and of the files that the next version will not hold, by their rows, why."""

    by_path: Mapping[str, str] = field(default_factory=dict)
    withheld: Mapping[int, str] = field(default_factory=dict)

    def of_measurement(self, primary_path: str) -> str:
        """Return what becomes of the measurement that a file leads."""
        return self.by_path.get(primary_path, PUBLISH)

    def of_file(self, file: DataFile) -> str:
        """Return what becomes of a file; what is part of measurements goes with them."""
        return self.withheld.get(file.pk, PUBLISH)


def read_fates(deposit: Deposit) -> Fates:
    """Return what becomes of each file and measurement of a draft, in a fixed number of queries."""
    rows = deposit.sortings.exclude(fate=PUBLISH)
    by_path = dict(rows.values_list("path", "fate"))
    if not by_path:
        return Fates()
    parts = withheld_files(deposit).values_list("pk", "path", "parts__measurement__primary_file__path")
    withheld: dict[int, str] = {}
    for key, path, primary in parts:
        fate = by_path.get(primary or path) or by_path.get(path)
        if fate is not None:
            withheld[key] = min(withheld.get(key, fate), fate, key=_weigh)
    return Fates(by_path, withheld)


def find_fate(deposit: Deposit, primary_path: str) -> str:
    """Return what becomes of one measurement of a draft."""
    fates = deposit.sortings.filter(path=primary_path).values_list("fate", flat=True)
    return fates.first() or PUBLISH


def _weigh(fate: str) -> bool:
    """Sort what is kept before what goes: a file that both share stays."""
    return fate == Sorting.Fate.DISCARD
