"""Axes that an order brings: what the record says of them goes before what the file says."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ingest.readers.contract import Axis, SignalSource
from processing.declarations.manifest import AxisEntry

AXES, IN_FILE = "axes", "axes_in_file"


def take_axes(source: SignalSource, axes: Mapping[str, Sequence[AxisEntry]]) -> SignalSource:
    """Return the signal with the axes of the order; where those are of another shape, as it is."""
    ordered = tuple(Axis.from_dict(entry.as_dict()) for entry in axes.get(source.name, ()))
    if [(axis.name, axis.size) for axis in ordered] != [(axis.name, axis.size) for axis in source.axes]:
        return source
    return replace(source, axes=ordered)


def describe_calibration(axes: Sequence[Axis], in_file: Sequence[Axis]) -> dict[str, Any]:
    """Return what the attributes of an array say of its axes; beside them those of the file, where they differ."""
    said = [axis.as_dict() for axis in axes]
    if [axis.scaling for axis in axes] == [axis.scaling for axis in in_file]:
        return {AXES: said}
    return {AXES: said, IN_FILE: [axis.as_dict() for axis in in_file]}


def bin_axes(axes: Sequence[Axis], factor: int, bins: tuple[int, int]) -> tuple[Axis, ...]:
    """Return the axes of a detector-major copy: binned ones first, from the middle of the first bin, then the others.

    Parameters
    ----------
    axes
        Of the primary array, which ends in its two detector axes.
    factor, bins
        Pixels along the side of a bin, and how many bins there are along y and x.
    """
    binned = []
    for axis, size in zip(axes[-2:], bins, strict=True):
        name = f"{axis.name}_binned"
        if axis.scale is None:
            binned.append(Axis(name, size))
            continue
        offset = axis.offset + (factor - 1) / 2 * axis.scale
        binned.append(Axis(name, size, axis.unit, axis.scale * factor, offset, axis.calibration))
    return (*binned, *axes[:-2])
