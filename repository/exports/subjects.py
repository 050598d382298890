"""What is known of one published measurement, as the exports of measurements need it.

Exports of datasets are written from :class:`repository.schema.export.CitationRecord`, which is part of it.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from repository.schema.export import CitationRecord


@dataclass(frozen=True, slots=True)
class ArrayPart:
    """One stored object of an array: its key in the Zarr v3 store, and the digest of its bytes."""

    key: str
    size: int
    sha256: str


ReadPart = Callable[[ArrayPart], Iterator[bytes]]
"""Reads the stored bytes of a part, block by block; the digest is checked on the way."""


@dataclass(frozen=True, slots=True)
class ExportedSignal:
    """One array with its axes.

    Attributes
    ----------
    axes
        As published: `name`, `size`, `unit` (UCUM), `scale`, `offset`.
    zarr
        The absolute address of its Zarr v3 root.
    parts
        The objects of the array by key; empty for exports that take no arrays.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    axes: tuple[Mapping[str, Any], ...]
    zarr: str
    parts: tuple[ArrayPart, ...] = ()


@dataclass(frozen=True, slots=True)
class ExportedMeasurement:
    """A measurement as its version published it.

    Attributes
    ----------
    record
        The version: the newest that holds the measurement and was not withdrawn.
    metadata
        The document of `stem/…` in the version of the schema that it was published with.
    """

    record: CitationRecord
    id: str
    format: str
    metadata: Mapping[str, Any]
    signals: tuple[ExportedSignal, ...]

    @property
    def size(self) -> int:
        """Stored bytes of all arrays together."""
        return sum(part.size for signal in self.signals for part in signal.parts)
