"""HDF5 opened so that nothing outside the file is ever touched and no size is believed unchecked.

External links, external raw storage and virtual datasets make any HDF5 library read other files; a file of
a few kilobytes may declare terabytes. Both are found before a byte of data is read.
"""

import math
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import h5py
import hdf5plugin  # noqa: F401 - its import registers the filters that detectors and HyperSpy use

from ingest.readers.companions import base_of
from ingest.readers.hdf5.superblock import check_not_truncated, find_superblock
from ingest.readers.refusals import UPLOAD_AGAIN, decline, refuse, tell_surplus
from repository.schema.findings import Finding

MAX_OBJECTS = 100_000
MAX_DEPTH = 64
MAX_RATIO = 2000  # DEFLATE reaches 1030 on zeros, zstd little more on 64 KiB blocks of them
SMALL_BYTES = 2**20
MAX_CHUNK_BYTES = 2**31

# Damaged files make h5py raise any of these from any call.
HDF5_ERRORS = (OSError, RuntimeError, KeyError, ValueError, TypeError, OverflowError)

PACK_INTO_ONE = "Save the data into one plain HDF5 file, for example with h5repack, and upload that."


@contextmanager
def refuse_damage(path: Path) -> Iterator[None]:
    """Turn what h5py raises on a damaged file into a refusal."""
    try:
        yield
    except HDF5_ERRORS as error:
        raise refuse(
            "hdf5_unreadable", f"{path.name} is a damaged HDF5 file: {str(error)[:200]}.", UPLOAD_AGAIN
        ) from error


def open_hdf5(
    path: Path, resources: ExitStack, *, own_links: re.Pattern[str] | None = None
) -> tuple[h5py.File, list[Finding]]:
    """Open an HDF5 file read-only after checking its length; `resources` closes it.

    Parameters
    ----------
    own_links
        Places of external links that the caller reads as text. Nobody follows them; all others are refused.

    Returns
    -------
    tuple
        The file, and a warning where bytes lie behind its end.

    Raises
    ------
    ReadRefusedError
        `file_truncated`, `hdf5_unreadable`, or what `check_links` finds.
    """
    surplus = check_not_truncated(path)
    if find_superblock(path) is None:
        raise refuse("hdf5_unreadable", f"{path.name} is no HDF5 file.", UPLOAD_AGAIN)
    with refuse_damage(path):
        file = resources.enter_context(h5py.File(path, "r", locking=False))
        check_links(file, path.name, own_links=own_links)
    return file, [tell_surplus(path, surplus, after="its HDF5 end of file")] if surplus else []


def check_links(group: h5py.Group, name: str, *, own_links: re.Pattern[str] | None = None) -> None:
    """Refuse a file that points outside itself.

    Raises
    ------
    ReadRefusedError
        `hdf5_external_link`, `hdf5_external_storage`, `hdf5_virtual_dataset` or `hdf5_too_many_objects`.
    """
    for _where, _item in walk(group, name=name, own_links=own_links):
        pass


def walk(
    group: h5py.Group, *, name: str, own_links: re.Pattern[str] | None = None
) -> Iterator[tuple[str, Any]]:
    """Yield (path, object) for every object behind hard links, each once, datasets checked."""
    seen: set[Any] = {h5py.h5o.get_info(group.id).addr}
    stack: list[tuple[str, h5py.Group, int]] = [("", group, 0)]
    count = 0
    while stack:
        path, current, depth = stack.pop()
        deeper: list[tuple[str, h5py.Group, int]] = []
        for key in current:
            count += 1
            if count > MAX_OBJECTS or depth > MAX_DEPTH:
                raise decline("hdf5_too_many_objects", f"{name} holds more objects than are walked.")
            where = f"{path}/{key}"
            if own_links is not None and _is_own_link(current, key, where, own_links):
                continue
            item = get_child(current, key, where=where.lstrip("/"), name=name)
            if item is None:
                continue
            address = h5py.h5o.get_info(item.id).addr
            if address in seen:
                continue
            seen.add(address)
            yield where, item
            if isinstance(item, h5py.Group):
                deeper.append((where, item, depth + 1))
        stack.extend(reversed(deeper))


def _is_own_link(group: h5py.Group, key: str, where: str, own_links: re.Pattern[str]) -> bool:
    return own_links.fullmatch(where) is not None and isinstance(
        group.get(key, getlink=True), h5py.ExternalLink
    )


def get_child(group: h5py.Group, key: str, *, where: str, name: str) -> Any:
    """Return the object behind a hard link, None behind a soft link, and refuse an external one.

    A soft link leads to an object of the same file, which the walk meets under its own path.
    """
    link = group.get(key, getlink=True)
    if isinstance(link, h5py.ExternalLink):
        raise refuse(
            "hdf5_external_link",
            f"{name} links at {where} to another file, {base_of(link.filename.replace(chr(92), '/'))}.",
            PACK_INTO_ONE,
        )
    if not isinstance(link, h5py.HardLink):
        return None
    item = group[key]
    if isinstance(item, h5py.Dataset):
        _check_storage(item, where=where, name=name)
    return item


def _check_storage(dataset: h5py.Dataset, *, where: str, name: str) -> None:
    if dataset.id.get_create_plist().get_external_count():
        raise refuse(
            "hdf5_external_storage", f"{name} keeps the values of {where} in another file.", PACK_INTO_ONE
        )
    if dataset.is_virtual:
        raise refuse("hdf5_virtual_dataset", f"{name} assembles {where} from other files.", PACK_INTO_ONE)


def check_filters(dataset: h5py.Dataset, *, where: str, name: str) -> None:
    """Refuse a dataset that was compressed with a filter that is not here.

    Raises
    ------
    ReadRefusedError
        `hdf5_filter_missing`.
    """
    properties = dataset.id.get_create_plist()
    for number in range(properties.get_nfilters()):
        code, _, _, label = properties.get_filter(number)
        if not h5py.h5z.filter_avail(code):
            shown = label.decode("latin-1") or "unnamed"
            raise decline(
                "hdf5_filter_missing",
                f"{where} in {name} is compressed with the filter {shown} ({code}), which is not available.",
                "Save it again with gzip, or one of the filters of hdf5plugin.",
            )


def check_size(dataset: h5py.Dataset, *, where: str, name: str) -> None:
    """Refuse a dataset that declares more than its stored bytes can hold.

    Raises
    ------
    ReadRefusedError
        `declared_size_implausible`.
    """
    declared = math.prod(dataset.shape or ()) * dataset.dtype.itemsize
    stored = int(dataset.id.get_storage_size())
    chunk = math.prod(dataset.chunks) * dataset.dtype.itemsize if dataset.chunks else 0
    limit = max(SMALL_BYTES, stored * (MAX_RATIO if dataset.chunks else 1))
    if declared > limit or chunk > MAX_CHUNK_BYTES:
        raise refuse(
            "declared_size_implausible",
            f"{name} declares {declared} bytes at {where} and holds {stored}.",
            "The values were never written, or the file was made to exhaust memory. Upload the original.",
        )


def count_missing_chunks(dataset: h5py.Dataset) -> tuple[int, int]:
    """Return (chunks never written, chunks declared); such chunks read as the fill value."""
    if dataset.chunks is None:
        empty = int(dataset.id.get_storage_size()) == 0 and dataset.size > 0
        return int(empty), 1
    declared = math.prod(-(-size // chunk) for size, chunk in zip(dataset.shape, dataset.chunks, strict=True))
    return declared - int(dataset.id.get_num_chunks()), declared
