"""What an answer says of the calibration it was taken from is true: it has the value of that number, and no other."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from repository.errors import InvalidMetadataError
from repository.models import Calibration
from repository.schema.documents.levels import place_entry
from repository.schema.documents.merge_patch import list_changes
from repository.schema.findings import Finding
from repository.schema.places import escape_pointer

_VALUE = ("value", "range", "unit", "uncertainty")
_OF_CALIBRATION = ("calibration", "calibrated_from")
_WHOLE = frozenset({"defaults"})
_LAYERED = ("kinds", "measurements", "instruments", "calibrations")


def settle_claims(former: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, Any]:
    """Return a document in which only values of calibrations say that they are from one.

    A merge patch that changes the value alone would leave what stood beside it: the value by hand lets go of the
    calibration, of its uncertainty and of how it was known.

    Parameters
    ----------
    former, now
        What persons supplied, before a change and after it. What has not changed is not looked at.

    Raises
    ------
    InvalidMetadataError
        The change itself names a calibration, and the value is not the value of that number.
    """
    claims = list(_list_changed(former, now))
    known = _read_values(claims)
    settled: dict[str, Any] = dict(now)
    for claim in claims:
        if _is_true(claim, known):
            continue
        if claim.before is None or claim.before.get("calibration") != claim.entry["calibration"]:
            _refuse(claim)
        changed = place_entry(_read_layer(settled, claim), claim.path, _let_go(claim.before, claim.entry))
        settled[claim.part] = changed if claim.part in _WHOLE else {**settled[claim.part], claim.key: changed}
    return settled


@dataclass(frozen=True, slots=True)
class _Claim:
    """An entry that names a calibration, where it stands, and what stood there before."""

    part: str
    key: str
    path: str
    entry: Mapping[str, Any]
    before: Mapping[str, Any] | None

    @property
    def pointer(self) -> str:
        place = () if self.part in _WHOLE else (escape_pointer(self.key),)
        return "/".join(("", self.part, *place, *self.path.split(".")))


def _list_changed(former: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[_Claim]:
    for part, key, layer in _list_layers(now):
        old = former.get(part)
        before = old if part in _WHOLE or not isinstance(old, Mapping) else old.get(key)
        for path, entry in _find_claims(layer, ""):
            stood = _read(before, path)
            if stood is None or list_changes(stood, entry):
                yield _Claim(part, key, path, entry, stood)


def _read_layer(document: Mapping[str, Any], claim: _Claim) -> Mapping[str, Any]:
    part: Mapping[str, Any] = document[claim.part]
    return part if claim.part in _WHOLE else part[claim.key]


def _list_layers(document: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    for part in (*_WHOLE, *_LAYERED):
        content = document.get(part)
        if not isinstance(content, Mapping):
            continue
        layers = {"": content} if part in _WHOLE else content
        for key, layer in layers.items():
            if isinstance(layer, Mapping):
                yield part, str(key), layer


def _find_claims(group: Mapping[str, Any], path: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the entries that name a calibration, with their dotted path."""
    for key, child in group.items():
        if not isinstance(child, Mapping):
            continue
        here = f"{path}.{key}" if path else str(key)
        if isinstance(child.get("calibration"), str):
            yield here, child
        else:
            yield from _find_claims(child, here)


def _read(group: Any, path: str) -> Mapping[str, Any] | None:
    found = group
    for key in path.split("."):
        found = found.get(key) if isinstance(found, Mapping) else None
    return found if isinstance(found, Mapping) else None


def _read_values(claims: Iterable[_Claim]) -> dict[tuple[str, str], Any]:
    """Return by reference and quantity what the numbers say that are named."""
    series = {claim.entry["calibration"].partition("/")[0] for claim in claims}
    rows = Calibration.objects.filter(series__in=series) if series else ()
    return {(row.reference, row.quantity): row.value for row in rows}


def _is_true(claim: _Claim, known: Mapping[tuple[str, str], Any]) -> bool:
    value = known.get((claim.entry["calibration"], claim.path))
    said = {key: claim.entry[key] for key in _VALUE if key in claim.entry}
    return value is not None and not list_changes(value, said)


def _let_go(before: Mapping[str, Any], entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a person says in the place of a calibration: the value, and what the person said beside it."""
    left_over = {"uncertainty", "source", "basis", *_OF_CALIBRATION}
    kept = {key: part for key, part in entry.items() if key not in left_over or part != before.get(key)}
    return {key: part for key, part in kept.items() if key not in _OF_CALIBRATION}


def _refuse(claim: _Claim) -> NoReturn:
    message = f"The value is not that of the calibration {claim.entry['calibration'][:40]}."
    hint = "Take the calibration for the measurement, or leave `calibration` and `calibrated_from` out."
    found = Finding("error", "calibration_claimed", message, claim.pointer, hint)
    raise InvalidMetadataError(message, pointer=claim.pointer, hint=hint, findings=[found])
