"""What a master says of single pixels: a mask and a flat field, kept beside the frames; nothing is applied."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt

from ingest.readers.contract import Axis, SignalSource
from ingest.readers.dead_pixels import MOST_RECTANGLES, Rectangle, list_rectangles
from ingest.readers.hdf5.access import refuse_damage
from ingest.readers.hdf5.attributes import find_object
from ingest.readers.hdf5.source import check_dataset
from ingest.readers.refusals import tell, warn
from repository.schema.findings import Finding

SPECIFIC = "entry/instrument/detector/detectorSpecific"
# NXdetector: 0 gap, 1 dead, 2 under-responding, 3 over-responding, 4 noisy, 6 of a cluster of such, 8 masked by a
# person. Bit 31 is a virtual pixel, whose value was interpolated: it counts.
UNUSABLE = 0b1_0101_1111


@dataclass(frozen=True, slots=True)
class PixelMaps:
    """What stands beside the frames."""

    signals: tuple[SignalSource, ...] = ()
    dead: tuple[Rectangle, ...] = ()
    findings: tuple[Finding, ...] = ()


def read_pixel_maps(tree: h5py.File, path: Path, frame_shape: tuple[int, int]) -> PixelMaps:
    """Return mask and flat field where they say anything: all zeros and all ones say nothing.

    A map of another shape than the frames, such as that of a region of interest, is told and not used.
    """
    signals: list[SignalSource] = []
    findings: list[Finding] = []
    dead: tuple[Rectangle, ...] = ()
    for name, nothing in (("pixel_mask", 0), ("flatfield", 1)):
        values, told = _read(tree, path, name, frame_shape)
        findings += told
        if values is None or (values == nothing).all():
            continue
        signals.append(_build_signal(name, values))
        if name == "pixel_mask":
            dead, said = _name_dead(values, path)
            findings.append(said)
    return PixelMaps(tuple(signals), dead, tuple(findings))


def _read(
    tree: h5py.File, path: Path, name: str, frame_shape: tuple[int, int]
) -> tuple[npt.NDArray[Any] | None, list[Finding]]:
    where = f"/{SPECIFIC}/{name}"
    dataset = find_object(tree, where.strip("/"))
    kinds = "iu" if name == "pixel_mask" else "iuf"
    if not isinstance(dataset, h5py.Dataset) or dataset.dtype.kind not in kinds:
        return None, []
    if dataset.shape != frame_shape:
        message = (
            f"{where} in {path.name} has the shape {dataset.shape}, the frames {frame_shape}: it is not used."
        )
        return None, [
            warn("pixel_map_misfit", message, "Readers do not see which pixels are dead. The file keeps it.")
        ]
    findings = check_dataset(dataset, where=where, name=path.name)
    with refuse_damage(path):
        values: npt.NDArray[Any] = np.asarray(dataset[()])
    return values.astype(values.dtype.newbyteorder("="), copy=False), findings


def _build_signal(name: str, values: npt.NDArray[Any]) -> SignalSource:
    axes = (Axis("detector_y", values.shape[0]), Axis("detector_x", values.shape[1]))
    return SignalSource(name, values.shape, values.dtype, axes, 2, lambda _: values)


def _name_dead(mask: npt.NDArray[Any], path: Path) -> tuple[tuple[Rectangle, ...], Finding]:
    bad = (mask & UNUSABLE) != 0
    rectangles, count = list_rectangles(bad), int(np.count_nonzero(bad))
    if len(rectangles) > MOST_RECTANGLES:
        message = f"The mask of {path.name} names {count} pixels in {len(rectangles)} places: too many to leave out."
        hint = "Readers see sums over them. The array pixel_mask says which they are; acknowledge this."
        return (), warn("pixel_mask_not_used", message, hint)
    return rectangles, tell(
        "pixels_named_dead",
        f"The mask of {path.name} names {count} pixels as gap, dead, weak, hot, noisy or masked by a person.",
        "They are left out of the search for the direct disk and of the center of mass. The frames are kept as they "
        "are; the array pixel_mask says what is wrong with which pixel.",
    )
