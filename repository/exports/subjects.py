"""What is known of one published measurement, as the exports of measurements need it.

Exports of datasets are written from :class:`repository.schema.export.CitationRecord`, which is part of it.
"""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from repository.schema.documents.provenance import Input, Software
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
    n_signal_axes
        How many axes, the last ones, make one element: a pattern, an image, a spectrum.
    parts
        The objects of the array by key; empty for exports that take no arrays.
    software
        What converted it; None where that was not written down.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    axes: tuple[Mapping[str, Any], ...]
    zarr: str
    parts: tuple[ArrayPart, ...] = ()
    software: Software | None = None
    n_signal_axes: int = 1


@dataclass(frozen=True, slots=True)
class ExportedProduct:
    """A reduction or a picture of it, with what stands behind it.

    Attributes
    ----------
    recipe, recipe_version, settings
        What made it, and what that was given; version 0 is older than versions of recipes.
    address
        The absolute address of its bytes, by digest.
    """

    title: str
    recipe: str
    recipe_version: int
    settings: Mapping[str, Any]
    signal: str
    media_type: str
    sha256: str
    address: str
    made_at: dt.datetime
    software: Software
    inputs: tuple[Input, ...]


@dataclass(frozen=True, slots=True)
class ExportedMeasurement:
    """A measurement as its version published it.

    Attributes
    ----------
    record
        The version: the newest that holds the measurement and was not withdrawn.
    metadata
        The document of `stem/…` in the version of the schema that it was published with.
    files
        Paths and digests of the original files, from which the arrays are made.
    products
        What recipes made of it, in the order in which they did.
    """

    record: CitationRecord
    id: str
    format: str
    metadata: Mapping[str, Any]
    signals: tuple[ExportedSignal, ...]
    files: tuple[Input, ...] = ()
    products: tuple[ExportedProduct, ...] = ()

    @property
    def size(self) -> int:
        """Stored bytes of all arrays together."""
        return sum(part.size for signal in self.signals for part in signal.parts)
