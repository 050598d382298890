"""What a deposit says of people, paths and serial numbers, over all its measurements: shown before it is published."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from repository.models import Deposit
from repository.models.sorting import version_measurements
from repository.schema import normalize_document, select_supplied
from repository.schema.documents.identifying import IdentifyingValue, Kind, list_identifying
from repository.schema.documents.levels import DIFFERS
from repository.schema.versions.steps import move_document


@dataclass(slots=True)
class IdentifyingLine:
    """One text, with everything that is published of it.

    Attributes
    ----------
    pointers
        Where headers of files have it.
    fields, withheld
        Where metadata show it, and where they keep it back.
    measurements, masked
        Ids by field: those whose metadata show it there, and those that withhold it.
    files
        The files in which it stands: they are published as they are.
    """

    value: str
    kind: Kind
    pointers: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    shown: dict[str, list[str]] = field(default_factory=dict)
    masked: dict[str, list[str]] = field(default_factory=dict)

    @property
    def state(self) -> str:
        """Return `shown` where metadata and exports have it, else `masked`, or `in_files` where only files do."""
        if self.shown:
            return "shown"
        return "masked" if self.masked else "in_files"

    @property
    def fields(self) -> list[str]:
        """Return the fields that show it or withhold it."""
        return list(dict.fromkeys((*self.shown, *self.masked)))


_COLUMNS = (
    "id",
    "deposit",
    "document",
    "extracted",
    "schema_version",
    "personal_pointers",
    "primary_file__path",
)
_ORDER = ("shown", "masked", "in_files")


def list_deposit_identifying(deposit: Deposit) -> tuple[IdentifyingLine, ...]:
    """Return what the next version of a deposit would say of people and machines: first what readers would see."""
    lines: dict[str, IdentifyingLine] = {}
    rows = (
        version_measurements(deposit).select_related("primary_file").only(*_COLUMNS).order_by("ordinal", "pk")
    )
    # A mask says that a rule does not hold for the file: without it the rule does again.
    supplied = {part: said for part, said in deposit.document.items() if part != DIFFERS}
    for row in rows:
        # What is published keeps the form of the release that published it: places without texts.
        personal = row.personal_pointers if isinstance(row.personal_pointers, dict) else {}
        path = row.primary_file.path
        header = move_document(row.extracted, since=row.schema_version).document
        rules = [
            normalize_document(layer)
            for label, layer in select_supplied(supplied, path)
            if label != f"measurements/{path}"
        ]
        found = list_identifying(row.present_document, header=header, rules=rules, personal=personal)
        _add(lines, found, measurement_id=row.pk, path=path)
    return tuple(sorted(lines.values(), key=lambda line: _ORDER.index(line.state)))


def _add(
    lines: dict[str, IdentifyingLine], found: Iterable[IdentifyingValue], *, measurement_id: str, path: str
) -> None:
    for one in found:
        line = lines.setdefault(one.value, IdentifyingLine(one.value, one.kind))
        line.pointers += [pointer for pointer in one.pointers if pointer not in line.pointers]
        if one.is_in_file:
            line.files.append(path)
        for places, fields in ((line.shown, one.fields), (line.masked, one.withheld)):
            for name in fields:
                places.setdefault(name, []).append(measurement_id)
