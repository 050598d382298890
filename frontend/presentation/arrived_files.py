"""The files of a deposit as its page lists them: by what they are, with what becomes of each."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from frontend.presentation.fates import FATE_WORDS
from repository.selectors.arrived import ArrivedFile, ArrivedKind
from repository.selectors.deposits import DepositView, FileView, MeasurementView
from repository.services.roles import ROLES

_TITLES = {
    "measurements": ("measurement", "measurements"),
    "companions": (
        "companion file, read with its measurement",
        "companion files, read with their measurements",
    ),
    "not_read": ("file stored as it is, not read", "files stored as they are, not read"),
    "duplicates": ("copy of another file", "copies of other files"),
    "not_looked_at": ("file not looked at yet", "files not looked at yet"),
    "arriving": ("file still arriving", "files still arriving"),
    "kept_apart": ("file damaged on the way", "files damaged on the way"),
}
_OPEN_AT_MOST = 6
_SAID_ELSEWHERE = "stored_not_read"


@dataclass(frozen=True, slots=True)
class FileRow:
    """One file, what it is, and what is to be said of it."""

    path: str
    what: str
    size: int
    fate: str
    measurement: str | None
    is_leading: bool
    thumbnail: str
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FileGroup:
    """Files that are the same to a person; `more` are not listed."""

    kind: str
    title: str
    rows: tuple[FileRow, ...]
    more: int
    is_open: bool


@dataclass(frozen=True, slots=True)
class FilesPart:
    """Everything that the section of the files shows.

    Attributes
    ----------
    aside
        What nobody meant to send, in one line.
    restores
        What asks the API to take it back.
    """

    groups: tuple[FileGroup, ...]
    aside: ArrivedKind | None
    restores: Mapping[str, Any]
    fates: tuple[tuple[str, str], ...]
    roles: tuple[tuple[str, str], ...]
    measurements: tuple[tuple[str, str], ...]


def build_files_part(deposit: DepositView, thumbnails: Mapping[str, str]) -> FilesPart:
    """Return the files by kind; what is set aside stands apart."""
    files = {file.path: file for file in deposit.files}
    measurements = {one.id: one for one in deposit.measurements}
    kinds = {kind.kind: kind for kind in deposit.arrived.kinds if kind.count}
    aside = kinds.pop("set_aside", None)
    few = sum(kind.count for kind in kinds.values()) <= _OPEN_AT_MOST
    return FilesPart(
        groups=tuple(
            FileGroup(
                kind=kind.kind,
                title=f"{kind.count} {_TITLES[kind.kind][kind.count != 1]}",
                rows=tuple(
                    _describe(one, files[one.path], measurements, thumbnails)
                    for one in kind.files
                    if one.path in files
                ),
                more=kind.count - len(kind.files),
                is_open=few or kind.kind in {"arriving", "kept_apart"},
            )
            for kind in kinds.values()
        ),
        aside=aside,
        restores={
            "changes": [{"fate": "publish", "paths": [file.path for file in aside.files] if aside else []}]
        },
        fates=tuple(FATE_WORDS.items()),
        roles=tuple((role, role.replace("_", " ")) for role in ROLES),
        measurements=tuple((one.id, one.path) for one in deposit.measurements),
    )


def _describe(
    one: ArrivedFile,
    file: FileView,
    measurements: Mapping[str, MeasurementView],
    thumbnails: Mapping[str, str],
) -> FileRow:
    measurement = measurements.get(one.measurement or "")
    is_leading = measurement is not None and measurement.path == one.path
    notes = [
        f"{finding.message} {finding.hint}".strip() for finding in file.findings if _is_told(finding.code)
    ]
    if file.damaged_at is not None:
        day = f"{file.damaged_at:%-d %B %Y}"
        notes.insert(
            0,
            f"Damaged: what is stored is not what you sent any more (known since {day}), and is not given out. "
            "Upload the same file again under the same name.",
        )
    return FileRow(
        path=one.path,
        what=_name(one, file),
        size=file.size,
        fate=measurement.fate if measurement is not None and is_leading else one.fate,
        measurement=one.measurement,
        is_leading=is_leading,
        thumbnail=thumbnails.get(one.measurement or "", "") if is_leading else "",
        notes=tuple(notes),
    )


def _is_told(code: str) -> bool:
    return code != _SAID_ELSEWHERE


def _name(one: ArrivedFile, file: FileView) -> str:
    if file.damaged_at is not None:
        return "damaged"
    if file.state == "uploading":
        return "upload not finished"
    if file.state == "quarantined":
        return "kept apart"
    return one.why or file.label or "not looked at yet"
