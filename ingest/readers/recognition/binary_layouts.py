"""Binary formats without a plain signature: told by header fields that must agree with the file size."""

import struct
import zipfile
from pathlib import Path

from ingest.readers.contract import FormatMatch, Role

_EMPAD_FRAME_BYTES = 130 * 128 * 4
_MRC_MODE_BYTES = {0: 1, 1: 2, 2: 4, 3: 4, 4: 8, 6: 2, 12: 2}
_MRC_HEADER_BYTES = 1024
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
    "emi": ("tia_emi", "Thermo Fisher TIA EMI", "primary"),
    "dens": ("dens", "DENSsolutions log", "companion"),
    "tvips": ("tvips", "TVIPS image series", "primary"),
    "rpl": ("ripple", "Ripple header", "primary"),
}


def _unread(identifier: str, label: str, reason: str, role: Role = "primary") -> FormatMatch:
    return FormatMatch(identifier, label, readable=False, role=role, reason=reason)


def match_dm(head: bytes, size: int) -> FormatMatch | None:
    """Return the match of DM3 or DM4: version, a length near the file's, byte order 0 or 1."""
    if head[:4] == b"\x00\x00\x00\x03" and len(head) >= struct.calcsize(">III"):
        _, length, order = struct.unpack(">III", head[:12])
        version, fixed = 3, 16
    elif head[:4] == b"\x00\x00\x00\x04" and len(head) >= struct.calcsize(">IQI"):
        _, length, order = struct.unpack(">IQI", head[:16])
        version, fixed = 4, 24
    else:
        return None
    # A length above the size is a truncated file, which the reader names; zero is no DM file.
    if order not in {0, 1} or length == 0 or length + fixed > max(size, 1) * 1000 + 2**20:
        return None
    reason = f"big-endian version {version}, length and byte order"
    return FormatMatch(
        f"dm{version}", f"Gatan DigitalMicrograph DM{version}", readable=True, role="primary", reason=reason
    )


def match_mrc(head: bytes, size: int) -> FormatMatch | None:
    """Return the match of MRC: `MAP ` at 208, or a header whose sizes give the file size."""
    if len(head) < _MRC_HEADER_BYTES:
        return None
    if head[208:212] == b"MAP ":
        return _unread("mrc", "MRC", "bytes MAP at 208")
    nx, ny, nz, mode = struct.unpack("<4i", head[:16])
    (extended,) = struct.unpack("<i", head[92:96])
    if min(nx, ny, nz) <= 0 or extended < 0 or mode not in _MRC_MODE_BYTES:
        return None
    if _MRC_HEADER_BYTES + extended + nx * ny * nz * _MRC_MODE_BYTES[mode] == size:
        return _unread("mrc", "MRC without MAP mark", "header sizes give the file size")
    return None


def match_tvips(head: bytes, name: str) -> FormatMatch | None:
    """Return the match of TVIPS: its header version and size fields; a further part by its name."""
    if not name.lower().endswith(".tvips"):
        return None
    if len(head) >= _TVIPS_HEADER_BYTES and struct.unpack("<i", head[:4])[0] == _TVIPS_HEADER_BYTES:
        return _unread("tvips", "TVIPS image series", "extension .tvips, header of 256 bytes")
    return _unread("tvips", "TVIPS image series, part", "extension .tvips", "companion")


def match_zip(path: Path) -> FormatMatch:
    """Return the match of a ZIP by the names of its members; nothing is unpacked."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = {member.filename for member in archive.infolist()}
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return _unread("zip", "ZIP archive, damaged", "bytes PK", "other")
    for belongs, match in (
        (
            {"data.npy", "metadata.json"} <= names,
            _unread("nion_ndata", "Nion Swift ndata", "ZIP of data.npy, metadata.json"),
        ),
        (_has_prz(names), _unread("prz", "Panta Rhei PRZ", "ZIP of data.npy and meta_data")),
        (_has_zarr(names), _unread("zspy", "HyperSpy zspy", "ZIP of a Zarr store")),
        (bool(names & _OFFICE), _unread("office", "office document", "ZIP of an office document", "other")),
        (
            names != set() and all(n.endswith(".npy") for n in names),
            _unread("npz", "NumPy npz", "ZIP of npy arrays"),
        ),
    ):
        if belongs:
            return match
    return _unread("zip", "ZIP archive", "bytes PK", "other")


def _has_prz(names: set[str]) -> bool:
    return "data.npy" in names and any(name.startswith("meta_data.") for name in names)


def _has_zarr(names: set[str]) -> bool:
    return any(name.rpartition("/")[2] in {".zgroup", ".zattrs"} for name in names)


def match_empad_raw(name: str, size: int) -> FormatMatch | None:
    """Return the match of an EMPAD raw file: it has no magic, so its name and size decide."""
    if not name.lower().endswith(".raw"):
        return None
    named = name.lower().rpartition("/")[2].startswith("scan_x")
    if size % _EMPAD_FRAME_BYTES and not named:
        return None
    reason = f"{size} bytes, frames of 130 × 128 × 4" if size % _EMPAD_FRAME_BYTES == 0 else "name scan_x…_y…"
    return FormatMatch("empad", "EMPAD raw data", readable=True, role="companion", reason=reason)


def match_extension(name: str) -> FormatMatch | None:
    """Return what only the extension says; never a format that Stemma reads."""
    known = _BY_EXTENSION.get(name.rpartition(".")[2].lower())
    if known is None:
        return None
    identifier, label, role = known
    return _unread(identifier, label, "extension only", role)
