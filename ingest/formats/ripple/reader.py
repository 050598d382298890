"""Ripple: the numbers of the `.raw` as its text lays them out, positions first.

Header document: ``{"ripple": {…}}``, the keywords as they stand in the text.
"""

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from ingest.formats.ripple.header import RippleHeader, read_header
from ingest.readers.contract import Axis, OpenedFile, ReadHints, SignalSource
from ingest.readers.framed_bytes import FramedBytes, open_part
from ingest.readers.header_json import to_json
from ingest.readers.implausible_scales import tell_unknown_units
from ingest.readers.refusals import refuse, refuse_truncated, tell_surplus, warn
from ingest.readers.transposed_bytes import TransposedBytes
from ingest.readers.units import calibrated_axis, is_energy, name_frame

VERSION = "1"
_SPECTRAL = ("EELS", "EDS", "CL")


def open_ripple(files: Mapping[str, Path], hints: ReadHints) -> OpenedFile:  # noqa: ARG001 - its text says the scan
    """Open a Ripple text with its numbers.

    Raises
    ------
    ReadRefusedError
        `companion_missing` without the numbers, `ripple_header_unreadable`, `file_truncated`.
    """
    text, *numbers = files.values()
    header = read_header(text.read_text(encoding="utf-8", errors="replace"), text.name)
    if not numbers:
        message = f"{text.name} describes numbers that lie in a .raw of its name."
        raise refuse("companion_missing", message, "Upload that file beside it.")
    size, needed = numbers[0].stat().st_size, header.offset + header.nbytes
    if size < needed:
        raise refuse_truncated(numbers[0], expected=needed, actual=size)
    found = [tell_surplus(numbers[0], size - needed, after="its last number")] if size > needed else []
    found += tell_unknown_units(
        (header.keywords.get(f"{key}-units", "") for key in ("width", "depth")), text.name
    )
    if header.is_order_assumed:
        message = f"{text.name} does not say in which order the bytes of a number lie; they are read as little-endian."
        hint = "HyperSpy leaves it out on common computers. If the values look like noise, write big-endian in it."
        found.append(warn("byte_order_assumed", message, hint))
    resources = ExitStack()
    signal = _build_signal(header, numbers[0], resources)
    document = to_json({"ripple": dict(header.keywords)})
    return OpenedFile("ripple", VERSION, (signal,), document, tuple(found), resources)


def _build_signal(header: RippleHeader, path: Path, resources: ExitStack) -> SignalSource:
    rows, columns, depth = header.height, header.width, header.depth
    is_spectral = _is_spectral(header)
    frame = name_frame(*(header.keywords.get(f"{key}-units", "") for key in ("height", "width")))
    y, x = ("scan_y", "scan_x") if is_spectral else frame
    positions = (_read_axis(header, "height", y, rows), _read_axis(header, "width", x, columns))
    channels = _read_axis(header, "depth", "energy" if is_spectral else "series", depth)
    axes: tuple[Axis, ...]
    if depth == 1:
        axes, n_signal_axes = positions, 2
    elif is_spectral or header.record_by == "vector":
        leading = tuple(
            axis for axis in positions if rows * columns > 1 and (axis.size > 1 or axis.name == x)
        )
        axes, n_signal_axes = (*leading, channels), 1
    else:
        axes, n_signal_axes = (channels, *positions), 2
    is_turned = header.record_by == "image" and n_signal_axes == 1 and len(axes) > 1
    return SignalSource(
        name="data",
        title=header.keywords.get("title", ""),
        shape=tuple(axis.size for axis in axes),
        dtype=header.dtype.newbyteorder("="),
        axes=axes,
        n_signal_axes=n_signal_axes,
        orientation="stored channel by channel, given position by position"
        if is_turned
        else "as stored in the file",
        **_choose_access(header, path, axes, n_signal_axes, resources, is_turned=is_turned),
    )


def _choose_access(
    header: RippleHeader,
    path: Path,
    axes: tuple[Axis, ...],
    n_signal_axes: int,
    resources: ExitStack,
    *,
    is_turned: bool,
) -> dict[str, Any]:
    """Return what reads regions of the array, a bounded part of the file at a time."""
    shape = tuple(axis.size for axis in axes)
    leading, element = shape[:-n_signal_axes], shape[-n_signal_axes:]
    if is_turned:
        part = open_part(resources, path, offset=header.offset, count=1)
        turned = TransposedBytes(part, leading, element, header.dtype)
        return {
            "load": turned.load,
            "load_channels": turned.load_channels,
            "stored_block": turned.stored_block,
        }
    count = header.nbytes // header.dtype.itemsize
    values = 1
    for length in element:
        values *= length
    frames = FramedBytes(
        [open_part(resources, path, offset=header.offset, count=count // values)],
        values * header.dtype.itemsize,
        element,
        header.dtype.newbyteorder("="),
        lambda raw: raw.view(header.dtype).reshape(-1, *element),
    )
    return {"load": lambda region: frames.load(region, leading)}


def _is_spectral(header: RippleHeader) -> bool:
    """Return whether the channels are energies: by their unit, the width of a channel, or the kind of signal."""
    words = header.keywords
    kind = words.get("signal", "").upper()
    return header.depth > 1 and (
        is_energy(words.get("depth-units", "")) or "ev-per-chan" in words or kind.startswith(_SPECTRAL)
    )


def _read_axis(header: RippleHeader, key: str, name: str, size: int) -> Axis:
    """Return an axis; of energies the width of a channel is the only step that the format itself has."""
    words = header.keywords
    scale, unit = _read_number(words, f"{key}-scale"), words.get(f"{key}-units", "")
    if scale is None and name == "energy":
        scale, unit = _read_number(words, "ev-per-chan"), "eV"
    offset = _read_number(words, f"{key}-origin") or 0.0
    return calibrated_axis(name, size, unit=unit, scale=scale, offset=offset)


def _read_number(words: Mapping[str, str], key: str) -> float | None:
    try:
        return float(words.get(key, ""))
    except ValueError:
        return None
