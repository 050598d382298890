"""Maps of spectra: of EELS as arrays, of X-rays as the events of each detector."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ingest.formats.velox.events import EventMap, count_positions, index_stream
from ingest.formats.velox.frames import ColumnsFirst, find_dtype
from ingest.formats.velox.planned import Planned, check_record, energy_axis, frame_axis
from ingest.formats.velox.tree import Record, as_number, read_json
from ingest.readers.contract import Axis
from ingest.readers.hdf5.source import check_dataset
from ingest.readers.refusals import decline, tell, warn
from ingest.readers.units import calibrated_axis
from repository.schema.findings import Finding

_COLUMNS_FIRST = "columns of the scan first in the file, transposed to rows first"
_MOST_CHANNELS = 65535


def plan_eels_map(record: Record, path: Path) -> Planned:
    findings = check_record(record, path, 3)
    source = ColumnsFirst(record.data, path)
    rows, columns, channels = source.shape
    group = record.data.parent
    said = read_json(group["AcquisitionMetadata"]) if "AcquisitionMetadata" in group else {}
    stated = said.get("Data")
    acquisition: dict[str, Any] = stated if isinstance(stated, dict) else {}
    energy = calibrated_axis(
        "energy",
        channels,
        unit="eV",
        scale=as_number(acquisition.get("dispersion")),
        offset=as_number(acquisition.get("offset")) or 0.0,
    )
    axes = (_scan_axis(record, "scan_y", rows), _scan_axis(record, "scan_x", columns), energy)
    return Planned(
        record,
        record.label or "eels_map",
        axes,
        1,
        find_dtype(record.data),
        source.load,
        source.stored_block,
        _COLUMNS_FIRST,
        findings=tuple(findings),
        acquisition={key: value for key, value in acquisition.items() if not isinstance(value, list)},
    )


def _scan_axis(record: Record, name: str, size: int) -> Axis:
    """Return an axis of a map: its own step, else the field of view over what of the frame was scanned."""
    side, extent = ("y", "height") if name == "scan_y" else ("x", "width")
    if record.find_number("BinaryResult", "PixelSize", extent) is not None:
        return frame_axis(record, name, size, side)
    view = record.find_number("Optics", "FullScanFieldOfView", side)
    whole = record.find_number("Scan", "ScanSize", extent)
    return calibrated_axis(name, size, unit="m", scale=view / whole if view and whole else None)


def plan_eds_map(records: list[Record], planned: list[Planned], path: Path) -> Iterator[Planned]:
    """Yield the EDS map, where the streams go through positions of the beam."""
    streams = [(record, count_positions(record.data, path)) for record in records if _is_stream(record, path)]
    scanned = [(record, positions) for record, positions in streams if positions[0] > 1]
    if not scanned:
        return
    first = scanned[0][0]
    channels = int(as_number(first.settings.get("bincount")) or 0)
    if not 0 < channels <= _MOST_CHANNELS:
        raise decline(
            "velox_stream_unreadable", f"The event stream of {path.name} does not say its channels."
        )
    shape, odd = _find_map_shape(first, [positions for _, positions in scanned], planned, path.name)
    sources = []
    for record, _ in scanned:
        source, found = index_stream(record.data, path, shape, channels, f"{record.detector} in {path.name}")
        sources.append(source)
        odd.extend(found)
    frames = max(source.frames for source in sources)
    detectors = ", ".join(sorted(record.detector for record, _ in scanned))
    of_frames = f"{frames} frames and of " if frames > 1 else ""
    message = f"The EDS map of {path.name} is the sum of {of_frames}the detectors {detectors}."
    odd.append(tell("eds_events_summed", message, "Single frames and detectors stay in the file."))
    whole = EventMap(sources, (*shape, channels))
    yield Planned(
        first,
        "eds_map",
        (
            _scan_axis(first, "scan_y", shape[0]),
            _scan_axis(first, "scan_x", shape[1]),
            energy_axis(first, channels),
        ),
        1,
        np.dtype(np.uint32),
        whole.load,
        unit="1",
        findings=tuple(odd),
        acquisition={"frames": frames, "detectors": detectors},
    )


def _is_stream(record: Record, path: Path) -> bool:
    """Whether a stream can be read; streams of another encoding are refused."""
    data = record.data
    if data.ndim != 2 or data.shape[1] != 1 or data.shape[0] == 0:  # noqa: PLR2004 - a column
        return False
    encoding = str(record.settings.get("StreamEncoding") or record.settings.get("encoding") or "")
    if data.dtype != np.uint16 or encoding not in {"uint16", ""}:
        raise decline(
            "velox_stream_unreadable", f"The event stream {record.path} of {path.name} is “{encoding}”."
        )
    check_dataset(data, where=record.path, name=path.name)
    return True


def _find_map_shape(
    record: Record, positions: list[tuple[int, int]], planned: list[Planned], name: str
) -> tuple[tuple[int, int], list[Finding]]:
    """Return (rows, columns) of a map: of the ways in which the file says it, the first that fits its positions.

    The part of the frame that was scanned comes first: the definition of the raster keeps the size of the whole frame.
    """
    candidates = list(_list_map_shapes(record, planned))
    for rows, columns in candidates:
        if all(fewest % (rows * columns) == 0 or most % (rows * columns) == 0 for fewest, most in positions):
            return (rows, columns), []
    if not candidates:
        raise decline("velox_stream_unreadable", f"{name} does not say how the positions of its EDS map lie.")
    rows, columns = candidates[0]
    message = f"{name} says {rows} × {columns} positions, and its events go through {positions[0][0]}."
    return candidates[0], [warn("scan_shape_conflict", message, "Check the map against its image.")]


def _list_map_shapes(record: Record, planned: list[Planned]) -> Iterator[tuple[int, int]]:
    size = [record.find_number("Scan", "ScanSize", side) for side in ("height", "width")]
    ends = [("top", "bottom"), ("left", "right")]
    area = [[record.find_number("Scan", "ScanArea", end) for end in pair] for pair in ends]
    parts = [
        round(whole * (end - start))
        for whole, (start, end) in zip(size, area, strict=True)
        if whole is not None and start is not None and end is not None
    ]
    if len(parts) == len(size) and min(parts) > 0:
        yield parts[0], parts[1]
    raster = record.settings.get("RasterScanDefinition")
    if isinstance(raster, Mapping):
        sides = [int(as_number(raster.get(side)) or 0) for side in ("Height", "Width")]
        if min(sides) > 0:
            yield sides[0], sides[1]
    for plan in planned:
        if plan.axes[-1].name == "scan_x":
            yield plan.axes[-2].size, plan.axes[-1].size
