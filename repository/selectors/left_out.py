"""What a new version leaves out of what earlier ones hold."""

from collections.abc import Iterable
from dataclasses import dataclass

from repository.models import Deposit
from repository.models.sorting import withheld_files


@dataclass(frozen=True, slots=True)
class LeftOutView:
    """A file of an earlier version that the next one will not hold, and why."""

    path: str
    reason: str


def list_left_out(deposit: Deposit) -> Iterable[LeftOutView]:
    """Yield what earlier versions hold and the next will not; nothing of them is lost."""
    current = set(deposit.current_files.values_list("path", flat=True))
    former = deposit.files.filter(left_out_at__isnull=False).order_by("path").values_list("path", flat=True)
    for path in former.distinct():
        what = "another file has its place" if path in current else "taken out"
        yield LeftOutView(path, f"{what}; the versions that hold it keep it")
    # Asked by itself: joined with what is withheld the database looks at every file once for each of the others.
    held = set(deposit.current_files.filter(published_in__isnull=False).values_list("pk", flat=True))
    withheld = withheld_files(deposit).order_by("path").values_list("pk", "path") if held else ()
    for key, path in withheld:
        if key in held:
            yield LeftOutView(
                path, "kept private or discarded from now on; the versions that hold it keep it"
            )
