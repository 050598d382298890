"""Binary kinds of files that are known and not read, and have no plain signature: by header, members or name."""

import struct
from collections.abc import Collection

from ingest.readers.contract import FormatMatch, Role

_TVIPS_HEADER_BYTES = 256
_OFFICE = {"word/document.xml", "xl/workbook.xml", "ppt/presentation.xml"}

# Extensions whose files have no magic at all: extension -> (format, label, role)
_BY_EXTENSION: dict[str, tuple[str, str, Role]] = {
    "spc": ("edax", "EDAX SPC spectrum", "primary"),
    "spd": ("edax", "EDAX SPD map", "primary"),
    "ipr": ("edax", "EDAX IPR image parameters", "companion"),
    "up1": ("edax", "EDAX UP1 patterns", "primary"),
    "up2": ("edax", "EDAX UP2 patterns", "primary"),
    "asw": ("jeol", "JEOL Analysis Station project", "primary"),
    "img": ("jeol", "JEOL Analysis Station image", "companion"),
    "map": ("jeol", "JEOL Analysis Station map", "companion"),
    "eds": ("jeol", "JEOL Analysis Station spectrum", "companion"),
    "pts": ("jeol_pts", "JEOL PTS", "primary"),
    "dens": ("dens", "DENSsolutions log", "companion"),
    "tvips": ("tvips", "TVIPS image series", "primary"),
}


def _unread(identifier: str, label: str, reason: str, role: Role = "primary") -> FormatMatch:
    return FormatMatch(identifier, label, readable=False, role=role, reason=reason)


def match_tvips(head: bytes, name: str) -> FormatMatch | None:
    """Return the match of TVIPS: its header version and size fields; a further part by its name."""
    if not name.lower().endswith(".tvips"):
        return None
    if len(head) >= _TVIPS_HEADER_BYTES and struct.unpack("<i", head[:4])[0] == _TVIPS_HEADER_BYTES:
        return _unread("tvips", "TVIPS image series", "extension .tvips, header of 256 bytes")
    return _unread("tvips", "TVIPS image series, part", "extension .tvips", "companion")


def match_zip(names: Collection[str] | None) -> FormatMatch:
    """Return the match of a ZIP by the names of its members, None of a damaged one; nothing is unpacked."""
    if names is None:
        return _unread("zip", "ZIP archive, damaged", "bytes PK", "other")
    for belongs, match in (
        (
            {"data.npy", "metadata.json"} <= set(names),
            _unread("nion_ndata", "Nion Swift ndata", "ZIP of data.npy, metadata.json"),
        ),
        (_has_prz(names), _unread("prz", "Panta Rhei PRZ", "ZIP of data.npy and meta_data")),
        (
            not _OFFICE.isdisjoint(names),
            _unread("office", "office document", "ZIP of an office document", "other"),
        ),
    ):
        if belongs:
            return match
    return _unread("zip", "ZIP archive", "bytes PK", "other")


def _has_prz(names: Collection[str]) -> bool:
    return "data.npy" in names and any(name.startswith("meta_data.") for name in names)


def match_extension(name: str) -> FormatMatch | None:
    """Return what only the extension says; never a format that Stemma reads."""
    known = _BY_EXTENSION.get(name.rpartition(".")[2].lower())
    if known is None:
        return None
    identifier, label, role = known
    return _unread(identifier, label, "extension only", role)
