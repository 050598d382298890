"""What programs say of one signal. No compiled code is imported for it: first pictures have no time for that."""

from dataclasses import dataclass

from ingest.readers.contract import SignalSource
from processing.declarations.manifest import AxisEntry, SignalEntry
from repository.schema.findings import Finding


@dataclass(frozen=True, slots=True)
class SignalWork:
    """What was made of one signal, and what was found reading and reducing it."""

    entry: SignalEntry | None
    findings: tuple[Finding, ...] = ()
    reduction_findings: tuple[Finding, ...] = ()


def describe_signal(source: SignalSource) -> SignalEntry:
    """Return what a reader says of a signal."""
    return SignalEntry(
        name=source.name,
        shape=source.shape,
        dtype=source.dtype.name,
        axes=tuple(AxisEntry(**axis.as_dict()) for axis in source.axes),
        n_signal_axes=source.n_signal_axes,
        intensity_unit=source.intensity_unit,
        shape_origin=source.shape_origin,
        orientation=source.orientation,
    )
