"""What a version just made leaves in its deposit, and what is dropped with it."""

from repository.models import Deposit, Sorting
from repository.models.sorting import is_withheld_file, withheld_files
from repository.services.stored_objects import delete_files
from repository.services.succession import leave_out, leave_out_file

_Fate = Sorting.Fate


def settle_withheld(deposit: Deposit) -> list[str]:
    """Drop what was discarded, and note what is kept private for a later version.

    Returns the transfers whose bytes are to go. Call it in the transaction that publishes, once the version is whole:
    until then each decision can be undone.
    """
    files = list(deposit.current_files.filter(is_withheld_file(fates=(_Fate.DISCARD,))))
    named = deposit.sortings.filter(fate=_Fate.DISCARD)
    measurements = deposit.current_measurements.filter(primary_file__path__in=named.values("path"))
    ids = list(measurements.values_list("pk", flat=True))
    leave_out(deposit.measurements.filter(pk__in=ids))
    deposit.measurements.filter(pk__in=ids, frozen_at__isnull=True).delete()
    gone = deposit.files.filter(pk__in=[file.pk for file in files])
    for file in gone.filter(published_in__isnull=False).distinct():
        leave_out_file(file)
    transfers = delete_files(gone.filter(published_in__isnull=True), owner=deposit.owner)
    named.delete()
    _note_kept(deposit)
    return transfers


def _note_kept(deposit: Deposit) -> None:
    deposit.sortings.update(kept_as="")
    kept = set(withheld_files(deposit).values_list("path", flat=True))
    rows = {row.path: row for row in deposit.sortings.filter(path__in=kept)}
    for row in rows.values():
        row.kept_as = _Fate.PRIVATE if row.fate == _Fate.PUBLISH else row.fate
    Sorting.objects.bulk_update(rows.values(), ["kept_as"], batch_size=500)
    Sorting.objects.bulk_create(
        Sorting(deposit=deposit, path=path, kept_as=_Fate.PRIVATE) for path in kept - set(rows)
    )
