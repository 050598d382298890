"""From one version of the schema to the next: what becomes of a document, one pure function per step.

A step changes where a thing stands or how it is written, never what was said: no value is made up, none is dropped.
What is published keeps the version that it was published under; a copy of it can be read in a newer one.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from repository.schema.places import escape_pointer, is_gap
from repository.schema.questions.fields import DocumentName
from repository.schema.versions.in_force import FIRST_VERSION, VERSION_IN_FORCE, list_versions


class UnknownVersionError(ValueError):
    """No way leads from the one version to the other."""


@dataclass(frozen=True, slots=True)
class DocumentChange:
    """What a step changed at one place; the pointer is that of the former document."""

    pointer: str
    change: str

    def as_dict(self) -> dict[str, str]:
        """Return it as JSON."""
        return {"pointer": self.pointer, "change": self.change}


Rewrite = Callable[[Mapping[str, Any]], tuple[Mapping[str, Any], tuple[DocumentChange, ...]]]


def keep(document: Mapping[str, Any]) -> tuple[Mapping[str, Any], tuple[DocumentChange, ...]]:
    """Return the document as it is: the newer version says everything in the same place."""
    return document, ()


@dataclass(frozen=True, slots=True)
class VersionStep:
    """One version to the next, for each kind of document."""

    before: str
    after: str
    measurement: Rewrite = keep
    dataset: Rewrite = keep


def leave_out_gap_of_axes(
    document: Mapping[str, Any],
) -> tuple[Mapping[str, Any], tuple[DocumentChange, ...]]:
    """Return the document without axes that are declared as missing: they hold no value, and are no answer any more.

    The step or scale that nobody knew is declared at its own field, where it was asked for.
    """
    if not is_gap(document.get("axes")):
        return document, ()
    kept = {key: entry for key, entry in document.items() if key != "axes"}
    return kept, (DocumentChange("/axes", "left out: axes are stated, not declared as missing"),)


STEPS: tuple[VersionStep, ...] = (
    # 1.1.0 adds to 1.0.0, and refuses what was never right; of what could be published only one gap is said otherwise.
    VersionStep(FIRST_VERSION, VERSION_IN_FORCE, measurement=leave_out_gap_of_axes),
)


@dataclass(frozen=True, slots=True)
class MovedDocument:
    """A document in the words of a version, with what became different on the way."""

    document: dict[str, Any]
    version: str
    changes: tuple[DocumentChange, ...] = ()


def move_document(
    document: Mapping[str, Any],
    *,
    since: str,
    until: str = VERSION_IN_FORCE,
    kind: DocumentName = "measurement",
) -> MovedDocument:
    """Return a measurement's or dataset's document in the words of a newer version; the argument stays as it is.

    Raises
    ------
    UnknownVersionError
        There is no such version, or it is older than the document's: nothing is taken back.
    """
    moved, changes = _take_steps(document, find_steps(since, until), kind)
    return MovedDocument(dict(moved), until, changes)


def move_supplied(document: Mapping[str, Any], *, since: str, until: str = VERSION_IN_FORCE) -> MovedDocument:
    """Return what a person supplied (dataset, defaults, measurements) in the words of a newer version.

    Parts that are not mappings stay as they are, for validation to name.

    Raises
    ------
    UnknownVersionError
        As for `move_document`.
    """
    steps = find_steps(since, until)
    moved = dict(document)
    changes: list[DocumentChange] = []
    for key, kind in _PARTS:
        moved_part = _move_part(document.get(key), f"/{key}", steps, kind, changes)
        if moved_part is not None:
            moved[key] = moved_part
    for key in ("kinds", "measurements", "instruments", "calibrations"):
        layers = document.get(key)
        if isinstance(layers, Mapping):
            moved[key] = {
                name: _move_part(layer, f"/{key}/{escape_pointer(str(name))}", steps, "measurement", changes)
                or layer
                for name, layer in layers.items()
            }
    return MovedDocument(moved, until, tuple(changes))


_PARTS: tuple[tuple[str, DocumentName], ...] = (("dataset", "dataset"), ("defaults", "measurement"))


def _move_part(
    part: Any,
    pointer: str,
    steps: Sequence[VersionStep],
    kind: DocumentName,
    changes: list[DocumentChange],
) -> Mapping[str, Any] | None:
    if not isinstance(part, Mapping):
        return None
    moved, changed = _take_steps(part, steps, kind)
    changes += [replace(change, pointer=f"{pointer}{change.pointer}") for change in changed]
    return moved


def _take_steps(
    document: Mapping[str, Any], steps: Sequence[VersionStep], kind: DocumentName
) -> tuple[Mapping[str, Any], tuple[DocumentChange, ...]]:
    changes: tuple[DocumentChange, ...] = ()
    for step in steps:
        document, changed = (step.measurement if kind == "measurement" else step.dataset)(document)
        changes += changed
    return document, changes


def find_steps(since: str, until: str) -> tuple[VersionStep, ...]:
    """Return the steps from one version to another, in their order; none for the same version.

    Raises
    ------
    UnknownVersionError
        No way leads there.
    """
    if since not in (known := list_versions()) or until not in known:
        wrong = until if since in known else since
        raise UnknownVersionError(f"There is no version {wrong[:20]!r} of the schema.")
    following = {step.before: step for step in STEPS}
    steps: list[VersionStep] = []
    version = since
    while version != until:
        step = following.get(version)
        if step is None:
            raise UnknownVersionError(f"A document of version {since} is not turned into one of {until}.")
        steps.append(step)
        version = step.after
    return tuple(steps)
