"""First pictures of a signal from a sample: what shows that a file is right, each saying what it was made from."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ingest.readers.contract import Axis, SignalSource
from processing.declarations.pictures import FIRST_PICTURE, OF_ARRAYS, PICTURES_VERSION
from processing.engine.draw_result import Drawable, Preview, draw_result
from processing.engine.preview_sample import (
    FloatArray,
    PreviewSample,
    as_numbers,
    build_weights,
    mean_pattern,
    sum_patterns,
)
from processing.reductions.detector_plan import AngleKnowledge, plan_virtual_detectors
from processing.reductions.disk import find_direct_disk
from repository.schema.quantities.signals import SignalKind

STRIP_PATTERNS = 6
STRIP_GAP_PX = 2
SMALLEST_OVERVIEW = 2
DARK_FIELD = "annular_dark_field"
_UNITS: Mapping[SignalKind, str] = {
    "pattern_scan": "patterns",
    "pattern_series": "patterns",
    "image_series": "images",
    "frame_series": "frames",
    "spectrum_scan": "spectra",
    "color_image_series": "pictures",
    "channel_maps": "positions",
    "profile_series": "lines",
}


@dataclass(frozen=True, slots=True)
class FirstPicture:
    """Values with the axes they lie on.

    `n_used` says from how many patterns, spectra or images this picture alone was made; None: from all that were read.
    """

    name: str
    title: str
    kind: str
    values: npt.NDArray[Any]
    axes: tuple[Axis, ...]
    parameters: Mapping[str, Any]
    n_used: int | None = None


def draw_first_pictures(
    kind: SignalKind | None, source: SignalSource, sample: PreviewSample, angles: AngleKnowledge
) -> list[Preview]:
    """Return the pictures of a sample; none where the kind of signal has none.

    Every picture's parameters say how many patterns, spectra, channels or rows it was made from (``n_read`` of
    ``n_total``); what was read for all of them together (``read``, ``bytes_read``), and whether the deadline cut that
    short (``is_complete``).
    """
    drawn = []
    for picture in list_first_pictures(kind, source, sample, angles):
        entry = Drawable(
            name=picture.name,
            title=picture.title,
            kind=picture.kind,
            axes=tuple(axis.name for axis in picture.axes),
            unit=source.intensity_unit,
            recipe=FIRST_PICTURE,
            recipe_version=PICTURES_VERSION,
        )
        preview = draw_result(entry, picture.values, {axis.name: axis.as_dict() for axis in picture.axes})
        if preview is not None:
            said = {**describe_sample(kind, source, sample), **picture.parameters, **preview.parameters}
            if picture.n_used is not None:
                said["n_read"] = picture.n_used
            drawn.append(replace(preview, parameters=said))
    return drawn


def describe_sample(kind: SignalKind | None, source: SignalSource, sample: PreviewSample) -> dict[str, Any]:
    """Return what was read for all pictures together."""
    mode = sample.plan.mode
    names = [axis.name for axis in source.axes]
    counted = "values" if kind is None else _UNITS.get(kind, "values")
    grid_axes = names[: -source.n_signal_axes][-len(sample.plan.grid) :] if sample.plan.grid else []
    if mode == "channels":
        counted = "channels" if source.n_signal_axes == 1 else "detector pixels"
        grid_axes = names[-source.n_signal_axes :]
    elif mode == "rows":
        counted, grid_axes = "rows", names[:1]
    return {
        "n_read": sample.n_read,
        "n_total": sample.n_total,
        "counted": counted,
        "is_complete": sample.is_whole,
        "bytes_read": sample.bytes_read,
        "read": {
            "mode": mode,
            "grid": dict(zip(grid_axes, map(list, sample.plan.grid), strict=False)),
            "part": list(source.stored_block) or None,
        },
    }


def list_first_pictures(
    kind: SignalKind | None, source: SignalSource, sample: PreviewSample, angles: AngleKnowledge
) -> Iterator[FirstPicture]:
    """Yield what a sample shows, the overview first; nothing for signals that have no picture."""
    if kind is None or not sample.parts:
        return
    mode = sample.plan.mode
    if mode in {"rows", "whole"}:
        yield _draw_single(kind, source, sample)
    elif OF_ARRAYS[kind].kind == "color_image":
        yield from _draw_middle_colors(kind, source, sample)
    elif mode == "channels":
        yield from _from_channels(kind, source, sample)
    elif mode == "positions":
        yield from _from_positions(kind, source, sample, angles)


def _draw_single(kind: SignalKind, source: SignalSource, sample: PreviewSample) -> FirstPicture:
    """One image, picture in colors, pattern or spectrum: whole where it is small, else every n-th row of it."""
    shown, axes = OF_ARRAYS[kind], source.axes
    name, is_color = f"preview_{shown.name}", shown.kind == "color_image"
    read = as_stored if is_color else as_numbers
    if sample.plan.mode == "whole":
        return FirstPicture(name, shown.title, shown.kind, read(sample.parts[()]), axes, {})
    starts = sample.plan.grid[0]
    step = max(1, source.shape[0] // len(starts))
    shape = (len(starts), -(-source.shape[1] // step), *source.shape[2:])
    thinned = np.zeros(shape, source.dtype) if is_color else np.full(shape, np.nan)
    for (number,), part in sample.list_cells():
        thinned[number] = read(part[0, ::step])
    coarse = (_coarsen(axes[0], shape[0], "px"), _coarsen(axes[1], shape[1], "px"), *axes[2:])
    return FirstPicture(name, shown.title, shown.kind, thinned, coarse, {"every_nth_pixel": step})


def _draw_middle_colors(
    kind: SignalKind, source: SignalSource, sample: PreviewSample
) -> Iterator[FirstPicture]:
    """Draw the middle one of several pictures in colors: a mean of them would show what none of them does."""
    middle, at = _find_middle(source, sample, as_stored)
    if middle is not None:
        shown, axes = OF_ARRAYS[kind], source.axes[-source.n_signal_axes :]
        yield FirstPicture(
            f"preview_{shown.name}", shown.title, shown.kind, middle, axes, {"position": at}, 1
        )


def as_stored(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return the values themselves: how bright a color is, its type says."""
    return values


def _from_positions(
    kind: SignalKind, source: SignalSource, sample: PreviewSample, angles: AngleKnowledge
) -> Iterator[FirstPicture]:
    """Whole patterns or spectra at a grid of positions."""
    n_signal = source.n_signal_axes
    cells = [part for _, part in sample.list_cells()] or list(sample.parts.values())
    mean, n_mean = mean_pattern(cells, n_signal), _count_patterns(cells, n_signal)
    mask, chosen = (None, {}) if kind != "pattern_scan" else _choose_dark_field(mean, angles)
    if kind != "frame_series":  # of what nobody knows nothing is computed
        yield from _draw_overviews(source, sample, mask, chosen)
        yield from _draw_row(kind, source, sample, chosen)
    shown = OF_ARRAYS[kind]
    word = shown.name
    middle, at = _find_middle(source, sample)
    signal_axes = source.axes[-n_signal:]
    scale = {"mrad_per_px": chosen["mrad_per_px"]} if chosen.get("mrad_per_px") else {}
    yield FirstPicture(f"preview_mean_{word}", f"Mean {word}", shown.kind, mean, signal_axes, scale, n_mean)
    if middle is not None:
        note = {**scale, "position": at}
        name = f"preview_center_{word}"
        yield FirstPicture(name, f"Central {word}", shown.kind, middle, signal_axes, note, 1)


def _choose_dark_field(
    mean: FloatArray, angles: AngleKnowledge
) -> tuple[npt.NDArray[np.bool_] | None, dict[str, Any]]:
    plan = plan_virtual_detectors(mean, disk=find_direct_disk(mean), angles=angles)
    said: dict[str, Any] = {"angles_from": plan.source_of_angles, "center_from": plan.source_of_center}
    if plan.mrad_per_px:
        said["mrad_per_px"] = plan.mrad_per_px
    ring = next((one for one in plan.detectors if one.name == DARK_FIELD), None)
    if ring is None:
        return None, said
    return ring.annulus.mask((mean.shape[0], mean.shape[1])), {**ring.parameters, **said}


def _draw_overviews(
    source: SignalSource,
    sample: PreviewSample,
    mask: npt.NDArray[np.bool_] | None,
    chosen: Mapping[str, Any],
) -> Iterator[FirstPicture]:
    """Coarse images of the scan; a cell that the deadline left out has no value."""
    sizes = tuple(len(starts) for starts in sample.plan.grid)
    if min(sizes) < SMALLEST_OVERVIEW:
        return
    leading = source.axes[: -source.n_signal_axes][-len(sizes) :]
    axes = tuple(_coarsen(axis, size, "positions") for axis, size in zip(leading, sizes, strict=True))
    weights = build_weights([] if mask is None else [mask], math.prod(source.shape[-source.n_signal_axes :]))
    images = np.full((weights.shape[1], *sizes), np.nan)
    cells = sample.list_cells()
    for index, part in cells:
        sums = sum_patterns(part, source.n_signal_axes, weights)
        place: tuple[slice | int, ...] = (slice(None), *index)
        images[place] = _average(sums.reshape(len(sums), -1))
    n_used = _count_patterns([part for _, part in cells], source.n_signal_axes)
    if mask is not None:
        yield FirstPicture(
            f"preview_{DARK_FIELD}", "Annular dark field", "image", images[1], axes, dict(chosen), n_used
        )
    yield FirstPicture("preview_summed_intensity", "Summed intensity", "image", images[0], axes, {}, n_used)


def _average(sums: FloatArray) -> FloatArray:
    """Return the mean of each row over what has a value; NaN where nothing has."""
    known = np.isfinite(sums)
    n_known = np.count_nonzero(known, axis=1)
    return np.where(n_known > 0, np.where(known, sums, 0.0).sum(axis=1) / np.maximum(n_known, 1), np.nan)


def _draw_row(
    kind: SignalKind, source: SignalSource, sample: PreviewSample, chosen: Mapping[str, Any]
) -> Iterator[FirstPicture]:
    """Draw the middle row of the scan: its summed intensity along x, and patterns from it side by side."""
    read = [(region, sample.find(region)) for region in sample.plan.row]
    parts = sorted(
        ((region[-1].start, region[-2], part) for region, part in read if part is not None),
        key=lambda found: found[0],
    )
    if len(parts) < SMALLEST_OVERVIEW:
        return
    axis = source.axes[-source.n_signal_axes - 1]
    middle = source.leading_shape[-2] // 2
    profile = np.full(axis.size, np.nan)
    patterns: list[FloatArray] = []
    everything = build_weights([], math.prod(source.shape[-source.n_signal_axes :]))
    for start, rows, part in parts:
        row = part[(..., middle - rows.start, slice(None), *(slice(None),) * source.n_signal_axes)]
        row = row.reshape(-1, *source.shape[-source.n_signal_axes :])
        profile[start : start + len(row)] = sum_patterns(row, source.n_signal_axes, everything)[0]
        patterns.append(as_numbers(row[0]))
    present = np.flatnonzero(np.isfinite(profile))
    note = {"scan_y": middle, "n_positions": len(present)}
    # Between positions that were not read the line is drawn straight on.
    filled = np.interp(np.arange(axis.size), present, profile[present]) if len(present) else profile
    yield FirstPicture(
        "preview_center_row", "Center row, summed intensity", "spectrum", filled, (axis,), note, len(present)
    )
    if kind == "pattern_scan":
        chosen_ones = patterns[:: max(1, len(patterns) // STRIP_PATTERNS)][:STRIP_PATTERNS]
        strip = _join(chosen_ones)
        scale = {"mrad_per_px": chosen["mrad_per_px"]} if chosen.get("mrad_per_px") else {}
        yield FirstPicture(
            "preview_center_row_patterns",
            "Patterns along the center row",
            "pattern",
            strip,
            (source.axes[-2], _resize(source.axes[-1], strip.shape[1])),
            {**scale, "scan_y": middle, "n_patterns": len(chosen_ones)},
            len(chosen_ones),
        )


def _count_patterns(parts: Iterable[npt.NDArray[Any]], n_signal_axes: int) -> int:
    return sum(math.prod(part.shape[: part.ndim - n_signal_axes]) for part in parts)


def _join(patterns: list[FloatArray]) -> FloatArray:
    gap = np.full((patterns[0].shape[0], STRIP_GAP_PX), np.nan)
    pieces = [piece for pattern in patterns for piece in (pattern, gap)][:-1]
    return np.concatenate(pieces, axis=1)


def _find_middle(
    source: SignalSource,
    sample: PreviewSample,
    read: Callable[[npt.NDArray[Any]], npt.NDArray[Any]] = as_numbers,
) -> tuple[npt.NDArray[Any] | None, list[int]]:
    at = [size // 2 for size in source.leading_shape]
    part = sample.find(sample.plan.center)
    if part is None:
        return None, at
    inside = tuple(place - region.start for place, region in zip(at, sample.plan.center, strict=True))
    return read(part[inside]), at


def _from_channels(kind: SignalKind, source: SignalSource, sample: PreviewSample) -> Iterator[FirstPicture]:
    """Draw a few detector pixels or energy channels at every position: a fine image, and a coarse pattern."""
    n_signal = source.n_signal_axes
    leading = source.axes[:-n_signal]
    sizes = tuple(len(starts) for starts in sample.plan.grid)
    mean, central = np.full(sizes, np.nan), np.full(sizes, np.nan)
    middle = tuple(size // 2 for size in source.leading_shape)
    total = np.zeros(source.leading_shape)
    for index, part in sample.list_cells():
        planes = np.nan_to_num(as_numbers(part), nan=0.0).reshape(*source.leading_shape, -1)
        mean[index], central[index] = planes.mean(), planes[middle].mean()
        total += planes.sum(axis=-1)
    is_known = kind != "frame_series"  # of what nobody knows nothing is computed
    if is_known and len(leading) <= 2:  # noqa: PLR2004 - an image or a profile
        drawn_as = "image" if len(leading) > 1 else "spectrum"
        shown_on = tuple(_coarsen(axis, axis.size, "positions") for axis in leading)
        yield FirstPicture("preview_summed_intensity", "Summed intensity", drawn_as, total, shown_on, {})
    if is_known and len(leading) > 1:
        row = total[middle[:-1]]
        note = {"scan_y": middle[-2], "n_positions": len(row)}
        yield FirstPicture(
            "preview_center_row", "Center row, summed intensity", "spectrum", row, (leading[-1],), note
        )
    shown = OF_ARRAYS[kind]
    step = "channels" if n_signal == 1 else "px"
    axes = tuple(
        _coarsen(axis, size, step) for axis, size in zip(source.axes[-n_signal:], sizes, strict=True)
    )
    word, at = shown.name, {"position": list(middle)}
    yield FirstPicture(f"preview_mean_{word}", f"Mean {word}", shown.kind, mean, axes, {})
    yield FirstPicture(f"preview_center_{word}", f"Central {word}", shown.kind, central, axes, at)


def _coarsen(axis: Axis, size: int, steps: str) -> Axis:
    """Return the axis with fewer, larger steps over the same length; in steps of the file where none has a length."""
    if axis.positions is not None:
        begun = (np.arange(size) * axis.size) // size
        return Axis(axis.name, size, axis.unit, positions=tuple(axis.positions[place] for place in begun))
    if axis.scale is None or axis.unit is None:
        return Axis(axis.name, size, steps, axis.size / size, 0.0)
    return Axis(axis.name, size, axis.unit, axis.scale * axis.size / size, axis.offset)


def _resize(axis: Axis, size: int) -> Axis:
    return Axis(axis.name, size, axis.unit, axis.scale, axis.offset)
