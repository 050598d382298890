"""The nodes of a store: groups and arrays with attributes, and the arrays that are not read, each with its reason."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ingest.readers.contract import ReadRefusedError
from ingest.readers.refusals import UPLOAD_AGAIN, decline, refuse, warn
from ingest.readers.zarr.chunks import ChunkReader, ZarrNumbers
from ingest.readers.zarr.layout import ArrayLayout, read_layout_2, read_layout_3
from ingest.readers.zarr.store import NODE_NAMES, ZarrStore
from repository.schema.findings import Finding

MOST_NODES = 50_000
MOST_RATIO = 2000  # as of HDF5: zstd packs zeros not much better
SMALL_BYTES = 16 * 2**20
_SHORT = 64
_MOST_TOLD = 5
_MOST_SHOWN = 2000  # arrays of a store whose short ones are read for the header


@dataclass(frozen=True, slots=True)
class ZarrTree:
    """What a store holds, by paths; the root is the empty path."""

    store: ZarrStore
    attributes: Mapping[str, Mapping[str, Any]]
    arrays: Mapping[str, ArrayLayout]
    refused: Mapping[str, ReadRefusedError] = field(default_factory=dict)

    def open_numbers(self, path: str, *, squeezed: tuple[int, ...] = ()) -> ZarrNumbers:
        """Return the values of an array."""
        return ZarrNumbers(ChunkReader(self.store, path, self.arrays[path]), squeezed=squeezed)

    def read_short(self, path: str) -> Any:
        """Return the values of a short array; None of a longer one, of none, and of a damaged one."""
        layout = self.arrays.get(path)
        if layout is None or len(layout.shape) != 1 or layout.shape[0] > 2**20:
            return None
        numbers = self.open_numbers(path)
        out = np.empty(numbers.shape, numbers.dtype)
        try:
            numbers.read_into((slice(0, layout.shape[0]),), out)
        except ReadRefusedError:
            return None
        return out

    def describe(self, below: str = "", *, leave_out: tuple[str, ...] = ()) -> dict[str, Any]:
        """Return attributes and short arrays below a node as nested dictionaries, for headers.

        Parameters
        ----------
        leave_out
            Names that are never part of a header, with all below them.
        """
        prefix = f"{below}/" if below else ""
        found: dict[str, Any] = {}
        for path, attributes in self.attributes.items():
            if path != below and not path.startswith(prefix):
                continue
            parts = path[len(prefix) :].split("/") if path != below else []
            if any(part.startswith(leave_out) for part in parts if leave_out):
                continue
            _put(found, parts, attributes, self._show_array(path))
        return found

    def _show_array(self, path: str) -> Any:
        layout = self.arrays.get(path)
        if layout is None:
            return None
        is_short = len(layout.shape) == 1 and layout.shape[0] <= _SHORT and len(self.arrays) <= _MOST_SHOWN
        values = self.read_short(path) if is_short else None
        if values is None:
            return {"dropped": "array", "shape": list(layout.shape), "dtype": layout.stored.name}
        return values.tolist()


def _put(found: dict[str, Any], parts: list[str], attributes: Mapping[str, Any], value: Any) -> None:
    place = found
    for part in parts[:-1]:
        below = place.setdefault(part, {})
        place = below if isinstance(below, dict) else place
    if not parts:
        place.update(attributes)
    elif value is not None and not attributes:
        place[parts[-1]] = value
    else:
        group = place.setdefault(parts[-1], {})
        if isinstance(group, dict):
            group.update(attributes if value is None else {**attributes, "values": value})


def read_tree(store: ZarrStore) -> ZarrTree:
    """Return the nodes of a store.

    An array of no numbers, or packed in an unknown way, is among `refused`: others may be read.

    Raises
    ------
    ReadRefusedError
        `zarr_too_many_nodes`, or `zarr_metadata_unreadable`.
    """
    folders = sorted(
        {key.rpartition("/")[0] for key in store.entries if key.rpartition("/")[2] in NODE_NAMES}
    )
    if len(folders) > MOST_NODES:
        raise decline(
            "zarr_too_many_nodes",
            f"{store.name} holds {len(folders)} groups and arrays; {MOST_NODES} are looked at.",
        )
    attributes: dict[str, Mapping[str, Any]] = {}
    arrays: dict[str, ArrayLayout] = {}
    refused: dict[str, ReadRefusedError] = {}
    for path in folders:
        try:
            layout, attributes[path] = _read_node(store, path)
        except ReadRefusedError as error:
            refused[path] = error
            continue
        if layout is not None:
            arrays[path] = layout
    return ZarrTree(store, attributes, arrays, refused)


def tell_strangers(store: ZarrStore) -> list[Finding]:
    """Say which members of the archive belong to no store: nobody reads a session that was packed with one."""
    found = store.strangers
    if not found:
        return []
    shown = ", ".join(found[:_MOST_TOLD]) + (
        f" and {len(found) - _MOST_TOLD} more" if len(found) > _MOST_TOLD else ""
    )
    return [
        warn(
            "zip_members_not_read",
            f"{store.name} also holds what is no part of a Zarr store: {shown}.",
            "Readers would not see it. Upload it beside the store, each file by itself.",
        )
    ]


def _read_node(store: ZarrStore, path: str) -> tuple[ArrayLayout | None, Mapping[str, Any]]:
    prefix = f"{path}/" if path else ""
    where = f"{path or 'the array'} in {store.name}"
    if f"{prefix}zarr.json" in store:
        document = store.read_document(f"{prefix}zarr.json")
        attributes = document.get("attributes")
        kept = attributes if isinstance(attributes, dict) else {}
        if document.get("zarr_format") != 3 or str(document.get("node_type")) not in {"array", "group"}:  # noqa: PLR2004
            raise refuse(
                "zarr_metadata_unreadable",
                f"zarr.json of {where} names neither an array nor a group of version 3.",
                UPLOAD_AGAIN,
            )
        is_array = document["node_type"] == "array"
        return (read_layout_3(document, where=where) if is_array else None), kept
    attributes = store.read_document(f"{prefix}.zattrs")
    if f"{prefix}.zarray" not in store:
        return None, attributes
    return read_layout_2(store.read_document(f"{prefix}.zarray"), attributes, where=where), attributes


def check_array(numbers: ZarrNumbers) -> list[Finding]:
    """Refuse an array that declares more than is stored; say how many of its chunks are left out.

    Raises
    ------
    ReadRefusedError
        `declared_size_implausible`, or that of a damaged shard.
    """
    reader = numbers.reader
    layout = reader.layout
    found, declared, stored = reader.count_stored()
    size = declared * math.prod(layout.stored_shape) * layout.stored.itemsize
    if found == 0 or size > max(SMALL_BYTES, stored * MOST_RATIO):
        raise refuse(
            "declared_size_implausible",
            f"{reader.where} declares {size} bytes in {declared} chunks, and {found} with {stored} bytes are stored.",
            "The values were never written, or the store was made to exhaust memory. Pack the original again.",
        )
    inside = reader.count_left_out_of_shards()
    kind = "shards" if layout.shard else "chunks"
    parts = [f"{declared - found} of {declared} {kind}"] if found < declared else []
    parts += [f"{inside} chunks within shards"] if inside else []
    if not parts:
        return []
    return [
        warn(
            "zarr_chunks_missing",
            f"{' and '.join(parts)} of {reader.where} are not stored and read as {layout.fill}.",
            "Zarr leaves out chunks that hold nothing else; but a copy that stopped early looks the same. Readers "
            "would take them for measured values: upload the whole store if something is missing.",
        )
    ]
