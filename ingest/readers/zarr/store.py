"""The keys of a Zarr store that lies in one ZIP: names are checked, the folder around the store is left out."""

import json
import re
import zipfile
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any

from ingest.readers.refusals import UPLOAD_AGAIN, decline, refuse
from ingest.readers.zip_members import ZipArchive, ZipMember, open_archive

MOST_KEYS = 500_000
NODE_NAMES = ("zarr.json", ".zarray", ".zgroup")
METADATA_NAMES = frozenset({*NODE_NAMES, ".zattrs", ".zmetadata"})
_MOST_DOCUMENT_BYTES = 8 * 2**20
_MOST_BYTES_OF_DOCUMENTS = 32 * 2**20  # JSON takes twenty times its bytes once it is parsed
_KEPT_OPEN = 64
_LEAVINGS = ("__MACOSX/", ".DS_Store", "Thumbs.db", "desktop.ini")
_DEEPEST = 64
_AXIS_OF_HYPERSPY = re.compile(r"(?:^|/)Experiments/.+/axis-\d+/(?:\.zgroup|zarr\.json)$")
_PACK_ANEW = "Pack the folder of the store again, as it is on the disk, and upload that."


@dataclass(slots=True)
class ZarrStore:
    """A store: bytes by keys. Keys are relative to the folder in which all its nodes lie.

    `strangers` are members of the archive that lie in no node; what systems leave behind is not among them.
    """

    archive: ZipArchive
    name: str
    entries: dict[str, zipfile.ZipInfo]
    root: str
    strangers: tuple[str, ...]
    _sorted: list[str] = field(repr=False)
    _parsed: int = field(default=0, repr=False)
    _open: OrderedDict[str, ZipMember] = field(default_factory=OrderedDict, repr=False)
    _lock: Lock = field(default_factory=Lock, repr=False)

    def __contains__(self, key: str) -> bool:
        return key in self.entries

    def list_below(self, folder: str) -> Iterator[str]:
        """Yield the keys below a node, without the path of that node; the root is the empty path."""
        prefix = f"{folder}/" if folder else ""
        for number in range(bisect_left(self._sorted, prefix), len(self._sorted)):
            if not self._sorted[number].startswith(prefix):
                return
            yield self._sorted[number][len(prefix) :]

    def open_key(self, key: str) -> ZipMember | None:
        """Return the bytes of a key, to be read by pieces; None where the store has no such key.

        Raises
        ------
        ReadRefusedError
            As `ZipArchive.open_member`.
        """
        entry = self.entries.get(key)
        if entry is None:
            return None
        with self._lock:
            if key in self._open:
                self._open.move_to_end(key)
                return self._open[key]
            member = self._open[key] = self.archive.open_member(entry)
            if len(self._open) > _KEPT_OPEN:
                self._open.popitem(last=False)
        return member

    def read_document(self, key: str) -> dict[str, Any]:
        """Return a JSON document of the store; an empty one where the store has no such key.

        Raises
        ------
        ReadRefusedError
            `zarr_metadata_unreadable`, or that of a damaged member.
        """
        member = self.open_key(key)
        if member is None:
            return {}
        self._parsed += member.size
        if member.size > _MOST_DOCUMENT_BYTES or self._parsed > _MOST_BYTES_OF_DOCUMENTS:
            raise decline(
                "zarr_metadata_too_large",
                f"{key} in {self.name} has {member.size} bytes, after {self._parsed - member.size} bytes of other "
                "descriptions: more than is looked at.",
            )
        try:
            document = json.loads(member.read(0, member.size).tobytes())
        except (ValueError, RecursionError) as error:
            raise refuse(
                "zarr_metadata_unreadable",
                f"{key} in {self.name} is no JSON: {str(error)[:100]}.",
                UPLOAD_AGAIN,
            ) from error
        if not isinstance(document, dict):
            raise refuse("zarr_metadata_unreadable", f"{key} in {self.name} is no JSON object.", UPLOAD_AGAIN)
        return document


def open_store(path: Path, resources: ExitStack) -> ZarrStore:
    """Open the store in a ZIP; `resources` closes the file.

    Raises
    ------
    ReadRefusedError
        `zarr_key_unsafe`, `zip_members_twice`, `no_array_found`, or what `open_archive` finds.
    """
    archive = open_archive(path, resources, most=MOST_KEYS)
    entries = _list_entries(archive.entries, path.name)
    root = find_root(entries)
    if root is None:
        raise decline("no_array_found", f"{path.name} holds no zarr.json, .zarray or .zgroup.")
    kept = {
        key[len(root) + 1 :] if root else key: entry for key, entry in entries.items() if _is_below(key, root)
    }
    return ZarrStore(archive, path.name, kept, root, tuple(_list_strangers(entries)), sorted(kept))


def _list_strangers(names: Iterable[str]) -> Iterator[str]:
    nodes = {name.rpartition("/")[0] for name in names if name.rpartition("/")[2] in NODE_NAMES}
    for name in names:
        if name.startswith(_LEAVINGS) or name.rpartition("/")[2] in _LEAVINGS:
            continue
        folder = name.rpartition("/")[0]
        while folder not in nodes and folder:
            folder = folder.rpartition("/")[0]
        if folder not in nodes:
            yield name


def find_root(names: Iterable[str]) -> str | None:
    """Return the folder in which all nodes of a store lie, empty for the archive itself; None without a node."""
    folders = [name.rpartition("/")[0] for name in names if name.rpartition("/")[2] in NODE_NAMES]
    if not folders:
        return None
    first, last = min(folders).split("/"), max(folders).split("/")
    shared = 0
    while shared < min(len(first), len(last)) and first[shared] == last[shared]:
        shared += 1
    return "/".join(first[:shared])


def find_experiment(names: Iterable[str]) -> str | None:
    """Return the first member that describes an axis of an experiment of HyperSpy; None where there is none."""
    groups = (name for name in names if name.endswith((".zgroup", "zarr.json")))
    return next((name for name in groups if _AXIS_OF_HYPERSPY.search(name)), None)


def _is_below(key: str, root: str) -> bool:
    return not root or key.startswith(f"{root}/")


def _list_entries(listed: Iterable[zipfile.ZipInfo], name: str) -> dict[str, zipfile.ZipInfo]:
    """Return the members by name. Of a description that was written several times the last holds, as Zarr writes it."""
    found: dict[str, zipfile.ZipInfo] = {}
    for entry in listed:
        key = entry.filename
        parts = key.split("/")
        if "\\" in key or len(parts) > _DEEPEST or any(part in {"", ".", ".."} for part in parts):
            shown = key.encode("ascii", "backslashreplace").decode()[:100]
            raise refuse(
                "zarr_key_unsafe", f"{name} has a member {shown}, which is no key of a store.", _PACK_ANEW
            )
        before = found.get(key)
        is_other = before is not None and (before.CRC, before.file_size) != (entry.CRC, entry.file_size)
        if is_other and parts[-1] not in METADATA_NAMES:
            raise refuse(
                "zip_members_twice",
                f"{name} holds {key} twice, with different bytes: which one was measured cannot be told.",
                _PACK_ANEW,
            )
        found[key] = entry
    return found
