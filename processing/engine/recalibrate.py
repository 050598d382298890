"""What hangs on the axes of a converted array, made again when they change: `zarr.json` and pictures. No value does."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ingest.readers.contract import Axis, SignalSource
from processing.declarations.manifest import ObjectEntry, Recalibration
from processing.engine.record_axes import AXES, IN_FILE, bin_axes, describe_calibration
from processing.engine.render_previews import draw_array, draw_reductions
from processing.engine.signal_entries import SignalWork, describe_signal
from processing.engine.zarr_metadata import encode_array_metadata
from processing.engine.zarr_writer import METADATA_KEY

ARRAY, COMPANION = "zarr", "companion"


def recalibrate_signal(source: SignalSource, asked: Recalibration, folder: Path, target: Path) -> SignalWork:
    """Write the metadata of the arrays and draw pictures of results that are there.

    Parameters
    ----------
    source
        From `open_converted`, with the axes that it has now.
    folder
        The signal's folder of inputs: `zarr/zarr.json`, `companion/zarr.json` where there is one, `reductions/`, and
        of `zarr/` what the picture of the array is drawn from.
    target
        Receives `zarr/zarr.json`, `companion/zarr.json` and `previews/`.
    """
    in_file = tuple(Axis.from_dict(axis.as_dict()) for axis in asked.in_file)
    written = [_rewrite(folder, target, ARRAY, describe_calibration(source.axes, in_file))]
    if (folder / COMPANION / METADATA_KEY).exists():
        written.append(_rewrite(folder, target, COMPANION, {AXES: _describe_binned(folder, source)}))
    entry = replace(
        describe_signal(source), kind=asked.kind, reductions=asked.results, metadata=tuple(written)
    )
    drawn = [draw_reductions(folder, entry, target=target)]
    if asked.draws_array:
        drawn.append(draw_array(folder, entry, target=target))
    pictures = tuple(picture for each in drawn for picture in each.entries)
    return SignalWork(
        replace(entry, reductions=(), redrawn=pictures),
        reduction_findings=tuple(found for each in drawn for found in each.findings),
    )


def _describe_binned(folder: Path, source: SignalSource) -> list[dict[str, Any]]:
    metadata = json.loads((folder / COMPANION / METADATA_KEY).read_bytes())
    factor = int(metadata["attributes"]["stemma_companion"]["bin_factor"])
    bins = (int(metadata["shape"][0]), int(metadata["shape"][1]))
    return [axis.as_dict() for axis in bin_axes(source.axes, factor, bins)]


def _rewrite(folder: Path, target: Path, array: str, said: Mapping[str, Any]) -> ObjectEntry:
    """Write the metadata of an array with other axes, as its conversion would have."""
    metadata = json.loads((folder / array / METADATA_KEY).read_bytes())
    rest = {key: value for key, value in metadata["attributes"].items() if key not in {AXES, IN_FILE}}
    metadata["attributes"] = {**said, **rest} if array == ARRAY else {**rest, **said}
    encoded = encode_array_metadata(metadata)
    place = target / array / METADATA_KEY
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(encoded)
    return ObjectEntry(f"{array}/{METADATA_KEY}", len(encoded), hashlib.sha256(encoded).hexdigest())
