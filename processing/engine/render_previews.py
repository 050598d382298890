"""Pictures of a converted signal, from its reductions where there are any, else from the array itself."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from processing.declarations.manifest import FrameEntry, PictureEntry, ReductionEntry, SignalEntry
from processing.declarations.pictures import ARRAY_PICTURE, OF_ARRAYS, PICTURES_VERSION
from processing.declarations.recipe import is_real
from processing.engine.draw_result import Drawable, Preview, draw_result, write_pictures
from processing.engine.faults import tell_fault
from processing.engine.verify_zarr import open_array
from processing.quality.frame_look import look_at_frame
from repository.schema.findings import Finding

LARGEST_READ_SIDE = 4096
_FRAME_AXES = 2
_SCANNED = frozenset({"scan_y", "scan_x"})


@dataclass(frozen=True, slots=True)
class Pictures:
    """The index entries of pictures, and what is to be said of those that could not be drawn."""

    entries: tuple[PictureEntry, ...]
    findings: tuple[Finding, ...]


def render_previews(folder: Path, signal: SignalEntry) -> Pictures:
    """Write `previews/*.png` for a converted signal.

    Parameters
    ----------
    folder
        The signal's folder with `zarr/` and `reductions/`.
    signal
        What is known of it, with its reductions.
    """
    if signal.reductions:
        return draw_reductions(folder, signal)
    return draw_array(folder, signal)


def _draw_all(folder: Path, drawing: Mapping[str, Callable[[], Preview | None]]) -> Pictures:
    """Draw what can be drawn; a picture that fails is not the measurement's fault."""
    drawn: list[Preview] = []
    findings: list[Finding] = []
    for title, draw in drawing.items():
        try:
            preview = draw()
        except Exception as error:  # noqa: BLE001 - it is said, and the values stand
            findings.append(
                Finding(
                    "warning",
                    "picture_failed",
                    f"There is no picture of {title}: {tell_fault(error)}",
                    hint="Readers have the values, and no picture of them. Write to the operator, or acknowledge it.",
                    layer="reading",
                )
            )
            continue
        if preview is not None:
            drawn.append(preview)
    return Pictures(write_pictures(folder / "previews", drawn), tuple(findings))


def draw_reductions(folder: Path, signal: SignalEntry, *, target: Path | None = None) -> Pictures:
    """Write a picture of each reduction that has one to `previews/` of the signal's folder, or of the target."""
    axes = {axis.name: axis.as_dict() for axis in signal.axes}

    def draw(entry: ReductionEntry) -> Preview | None:
        values = np.load(folder / "reductions" / entry.file, allow_pickle=False)
        own = {name: {"name": name, **said} for name, said in entry.axis_steps.items()}
        drawable = Drawable(
            name=entry.name,
            title=entry.title,
            kind=entry.kind,
            axes=entry.axes,
            unit=entry.unit,
            recipe=entry.recipe,
            recipe_version=entry.recipe_version,
            asked=entry.asked,
            parameters=entry.parameters,
        )
        return draw_result(drawable, values, {**axes, **own})

    return _draw_all(target or folder, {entry.title: partial(draw, entry) for entry in signal.reductions})


def draw_array(folder: Path, signal: SignalEntry, *, target: Path | None = None) -> Pictures:
    """Write the picture of the array itself to `previews/` of the signal's folder, or of the target."""
    return _draw_all(target or folder, {"the array": partial(_draw_array, folder, signal)})


def _draw_array(folder: Path, signal: SignalEntry) -> Preview | None:
    output = OF_ARRAYS.get(signal.kind)  # type: ignore[call-overload]  # None, or a kind
    if output is None:
        return None
    values, note = _read_middle(folder, signal)
    entry = Drawable(
        name=output.name,
        title=output.title,
        kind=output.kind,
        axes=tuple(axis.name for axis in signal.axes[-signal.n_signal_axes :]),
        unit=signal.intensity_unit,
        recipe=ARRAY_PICTURE,
        recipe_version=PICTURES_VERSION,
        parameters=note,
    )
    return draw_result(entry, values, {axis.name: axis.as_dict() for axis in signal.axes})


def look_at_middle(folder: Path, signal: SignalEntry) -> FrameEntry | None:
    """Return what the middle frame looks like; None where it was scanned, or its values cannot be compared."""
    names = {axis.name for axis in signal.axes}
    if signal.n_signal_axes != _FRAME_AXES or names & _SCANNED or not is_real(signal.dtype):
        return None
    values, _ = _read_middle(folder, signal)
    look = look_at_frame(values)
    return None if look is None else FrameEntry(look.center_over_mean, look.half_turn)


def _read_middle(folder: Path, signal: SignalEntry) -> tuple[npt.NDArray[Any], dict[str, Any]]:
    """Read one image or spectrum; the middle one of a series, thinned out where it is very large."""
    array = open_array(folder / "zarr")
    n_leading = len(array.shape) - signal.n_signal_axes
    middle = tuple(size // 2 for size in array.shape[:n_leading])
    sides = array.shape[n_leading:][:_FRAME_AXES]
    step = max(1, -(-max(sides) // LARGEST_READ_SIDE)) if signal.n_signal_axes > 1 else 1
    n_colors = max(0, signal.n_signal_axes - _FRAME_AXES)  # of those none is left out
    thinned = (slice(None, None, step),) * (signal.n_signal_axes - n_colors) + (slice(None),) * n_colors
    values = np.asarray(array[(*middle, *thinned)].read().result())
    if values.dtype.kind == "c":
        values = np.abs(values)
    note: dict[str, Any] = {"every_nth_pixel": step} if step > 1 else {}
    if middle:
        note["frame"] = list(middle)
    return values, note
