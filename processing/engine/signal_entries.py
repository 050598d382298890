"""What programs say of one signal. No compiled code is imported for it: first pictures have no time for that."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import get_args

from ingest.readers.contract import SignalSource
from processing.declarations.manifest import AxisEntry, SignalEntry
from repository.schema.documents.signal_kind import decide_signal_kind
from repository.schema.findings import Finding
from repository.schema.quantities.signals import SignalKind, SignalShape

_KINDS: Mapping[str, SignalKind] = {kind: kind for kind in get_args(SignalKind)}


@dataclass(frozen=True, slots=True)
class SignalWork:
    """What was made of one signal, and what was found reading and reducing it."""

    entry: SignalEntry | None
    findings: tuple[Finding, ...] = ()
    reduction_findings: tuple[Finding, ...] = ()


def find_kind(source: SignalSource, kinds: Mapping[str, str | None]) -> SignalKind | None:
    """Return what a signal is: as the order has it, else by its axes alone.

    None where nothing can be made of it; a word of another version of Stemma is none either.
    """
    if source.name in kinds:
        return _KINDS.get(kinds[source.name] or "")
    axes = SignalShape.from_dict(source.describe()).axes
    return decide_signal_kind(axes, source.n_signal_axes, {}).kind


def describe_signal(source: SignalSource) -> SignalEntry:
    """Return what a reader says of a signal."""
    return SignalEntry(
        name=source.name,
        shape=source.shape,
        dtype=source.dtype.name,
        axes=tuple(AxisEntry.read(axis.as_dict()) for axis in source.axes),
        n_signal_axes=source.n_signal_axes,
        intensity_unit=source.intensity_unit,
        shape_origin=source.shape_origin,
        orientation=source.orientation,
    )
