"""Pictures of a converted signal, from its reductions where there are any, else from the array itself."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from processing.engine.draw_result import Preview, draw_result, write_pictures
from processing.engine.verify_zarr import open_array

LARGEST_READ_SIDE = 4096


def render_previews(folder: Path, signal: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Write `previews/*.png` for a converted signal and return their index entries.

    Parameters
    ----------
    folder
        The signal's folder with `zarr/` and `reductions/`.
    signal
        The signal's part of the manifest.

    Returns
    -------
    list of dict
        ``name``, ``title``, ``file``, ``cover`` (true for one of them), ``parameters``, ``size``, ``sha256``.
    """
    return write_pictures(folder / "previews", list(_draw_all(folder, signal)))


def _draw_all(folder: Path, signal: Mapping[str, Any]) -> Iterator[Preview]:
    axes = {axis["name"]: axis for axis in signal["axes"]}
    for entry in signal["reductions"]:
        values = np.load(folder / "reductions" / entry["file"], allow_pickle=False)
        drawn = draw_result(entry, values, axes, signal)
        if drawn is not None:
            yield drawn
    if not signal["reductions"]:
        yield from _draw_array(folder, signal, axes)


def _draw_array(folder: Path, signal: Mapping[str, Any], axes: Mapping[str, Any]) -> Iterator[Preview]:
    kind = {
        "image": "image",
        "image_series": "image",
        "pattern": "pattern",
        "pattern_scan": "pattern",
        "spectrum": "spectrum",
        "spectrum_scan": "spectrum",
    }.get(signal["kind"] or "")
    if kind is None:
        return
    values, note = _read_middle(folder, signal)
    names = [axis["name"] for axis in signal["axes"][-signal["n_signal_axes"] :]]
    titles = {"image": "Image", "pattern": "Diffraction pattern", "spectrum": "Spectrum"}
    entry = {
        "name": kind,
        "title": titles[kind],
        "kind": kind,
        "axes": names,
        "unit": signal["intensity_unit"],
        "parameters": note,
    }
    drawn = draw_result(entry, values, axes, signal)
    if drawn is not None:
        yield drawn


def _read_middle(folder: Path, signal: Mapping[str, Any]) -> tuple[npt.NDArray[Any], dict[str, Any]]:
    """Read one image or spectrum; the middle one of a series, thinned out where it is very large."""
    array = open_array(folder / "zarr")
    n_leading = len(array.shape) - signal["n_signal_axes"]
    middle = tuple(size // 2 for size in array.shape[:n_leading])
    step = max(1, -(-max(array.shape[n_leading:]) // LARGEST_READ_SIDE)) if signal["n_signal_axes"] > 1 else 1
    thinned = tuple(slice(None, None, step) for _ in array.shape[n_leading:])
    values = np.asarray(array[(*middle, *thinned)].read().result())
    if values.dtype.kind == "c":
        values = np.abs(values)
    note: dict[str, Any] = {"every_nth_pixel": step} if step > 1 else {}
    if middle:
        note["frame"] = list(middle)
    return values, note
