"""Merlin MIB: frames of equal size, each behind a text header, in one or more files, with an hdr beside them.

Header document: ``{"mib": {…}, "hdr": {…}}``. ``mib`` is the header of the first frame: ``exposure_s``,
``exposure_ns``, ``timestamp_utc`` (ISO with Z), ``timestamp_local``, ``counter_depth_bits``,
``thresholds_keV`` (list), ``sensor_layout``, ``pixel_type``, ``gain_mode``, ``sequence_number``; and of all:
``frames``, ``last_timestamp_utc``, ``frame_time_ns`` (the usual time from one frame to the next, by their stamps), and
``flyback_frames_per_line`` where such are left out. ``hdr`` holds the lines of the hdr file as text under their own
names: ``Chip ID``, ``Chip Type (Medipix 3.0, Medipix 3.1, Medipix 3RX)``, ``Assembly Size (NX1, 2X2)``,
``Counter Depth (number)``, ``Thresholds (keV)``, ``Frames in Acquisition (Number)``,
``Frames per Trigger (Number)``, ``ScanX``, ``ScanY``, ``Sensor Bias (V)``, ``Software Version``,
``Time and Date Stamp (day, mnth, yr, hr, min, s)`` (local, no zone); ``{}`` without an hdr.

Orientation: rows as stored in the file, which is also LiberTEM's; RosettaSciIO (HyperSpy, pyxem) turns
them upside down, so its patterns are these flipped in detector_y.
"""

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from ingest.formats.mib.clock import Moment, as_moment, find_frame_time, read_moments
from ingest.formats.mib.flyback import MOST_LOOKED_AT, Flyback, find_flyback, tell_kept, tell_left_out
from ingest.formats.mib.gaps import find_gaps, judge_gaps
from ingest.formats.mib.header import (
    MARK,
    FrameHeader,
    find_whole_number,
    read_frame_header,
    read_hdr,
)
from ingest.formats.mib.unpack import plan_decoder
from ingest.readers.companions import base_of
from ingest.readers.contract import Axis, OpenedFile, ReadHints, ReadRefusedError, SignalSource
from ingest.readers.dead_pixels import Rectangle
from ingest.readers.framed_bytes import FramedBytes, open_part
from ingest.readers.header_json import to_json
from ingest.readers.refusals import decline, refuse, refuse_truncated, tell, tell_surplus, warn
from ingest.readers.scan_shape import ScanLayout, decide_scan_layout
from repository.schema.findings import Finding

VERSION = "1"
ORIENTATION = "as stored in the file, equal to LiberTEM; RosettaSciIO flips detector_y"


def _count_frames(path: Path, header: FrameHeader) -> tuple[int, list[Finding]]:
    """Return the number of whole frames; a part of a frame is a truncated file, other bytes are left over."""
    size = path.stat().st_size
    frames, rest = divmod(size, header.stride)
    if not rest and frames:
        return frames, []
    with path.open("rb") as handle:
        handle.seek(frames * header.stride)
        begins = handle.read(len(MARK))
    if not frames or MARK.startswith(begins):
        raise refuse_truncated(
            path, expected=(frames + 1) * header.stride, actual=size, what=f"frames of {header.stride} bytes"
        )
    return frames, [tell_surplus(path, rest, after=f"its {frames} frames")]


def _read_parts(
    names: list[str], files: Mapping[str, Path]
) -> tuple[list[tuple[str, FrameHeader, int]], list[Finding]]:
    """Return (name, header, frames) of each data file, in the order of their first frames, and findings."""
    parts = []
    findings: list[Finding] = []
    for name in names:
        header = read_frame_header(files[name])
        frames, odd = _count_frames(files[name], header)
        parts.append((name, header, frames))
        findings += odd
    first = parts[0][1]
    for name, header, _ in parts:
        if not header.same_frames_as(first):
            raise refuse(
                "mib_parts_differ",
                f"{base_of(name)} has other frames than {base_of(parts[0][0])}: no parts of one scan.",
                "Upload each acquisition with its own hdr, or in folders of their own.",
            )
    numbers = [header.fields["sequence_number"] for _, header, _ in parts]
    if len(set(numbers)) == len(numbers):
        parts.sort(key=lambda part: part[1].fields["sequence_number"])
    return parts, findings


def _list_moments(parts: list[tuple[str, FrameHeader, int]], files: Mapping[str, Path]) -> list[Moment]:
    """Return when the first frames were taken: of the first part of a run, or of all parts of one frame each."""
    name, header, count = parts[0]
    moments = read_moments(files[name], header, min(count, MOST_LOOKED_AT))
    if all(number == 1 for _, _, number in parts):
        moments = [as_moment(part.fields) for _, part, _ in parts]
    return moments


def _check_count(
    frames: int, hdr: dict[str, str], name: str, hints: ReadHints, flyback: Flyback | None
) -> list[Finding]:
    """Compare the frames found with those that the hdr promises.

    Raises
    ------
    ReadRefusedError
        `file_truncated`, if there are fewer and the depositor did not say that this is the whole scan.
    """
    promised = find_whole_number(hdr, "Frames in Acquisition (Number)")
    if promised is None or promised == frames:
        return []
    if frames > promised and flyback is None and _find_scan_in(frames, _find_scan_shape(hdr), hints):
        return []  # fewer than a line too many are stray frames, which the layout tells of
    confirmed = hints.scan_shape is not None and (
        hints.scan_shape[0] * hints.scan_shape[1] == frames
        or (flyback is not None and hints.scan_shape == (flyback.rows(frames), flyback.columns))
    )
    if frames < promised and not confirmed:
        raise refuse(
            "file_truncated",
            f"{name} is cut short: its hdr needs {promised} frames, the file has {frames}.",
            "Upload it again, whole. If the acquisition was stopped early, give scan_shape as "
            f"[rows, columns] with rows × columns = {frames}.",
        )
    return [
        warn(
            "frame_count_differs",
            f"{name} has {frames} frames where its hdr says {promised}.",
            "Readers get what the hdr says of voltage and time, which may be of another scan. Check that data and "
            "hdr belong together.",
        )
    ]


def _decide(
    frames: int, hdr: dict[str, str], name: str, hints: ReadHints, flyback: Flyback | None
) -> tuple[ScanLayout, Flyback | None]:
    """Return the layout, and the flyback frames that it leaves out."""
    in_file = _find_scan_shape(hdr)
    if flyback is not None:
        without = (flyback.rows(frames), flyback.columns)
        keeps_all = hints.scan_shape is not None and hints.scan_shape[0] * hints.scan_shape[1] == frames
        is_unsure = flyback.count_unfinished(frames) > 0 and hints.scan_shape != without
        if keeps_all or hints.frame_axis or is_unsure:
            layout = decide_scan_layout(frames=frames, name=name, hints=hints)
            told = tell_kept(flyback, frames, name)
            return replace(layout, findings=(*layout.findings, told)), None
        layout = decide_scan_layout(
            frames=without[0] * without[1],
            name=name,
            hints=hints,
            in_file=without if in_file == without else None,
            guess=without,
        )
        return replace(layout, findings=(*layout.findings, tell_left_out(flyback, frames, name))), flyback
    per_trigger = find_whole_number(hdr, "Frames per Trigger (Number)") or 0
    guess = None
    # One trigger per scan row is the usual wiring; one per frame, or one for all, says nothing.
    if 1 < per_trigger < frames and frames % per_trigger == 0:
        guess = (frames // per_trigger, per_trigger)
    scan = _find_scan_in(frames, in_file, hints)
    if scan is not None:
        kept = scan[0] * scan[1]
        layout = decide_scan_layout(
            frames=kept, name=name, hints=hints, in_file=in_file if in_file == scan else None
        )
        return replace(layout, findings=(*layout.findings, _tell_stray(frames - kept, scan, name))), None
    return decide_scan_layout(frames=frames, name=name, hints=hints, in_file=in_file, guess=guess), None


def _find_scan_shape(hdr: dict[str, str]) -> tuple[int, int] | None:
    columns, rows = find_whole_number(hdr, "ScanX"), find_whole_number(hdr, "ScanY")
    return (rows, columns) if rows and columns else None


def _find_scan_in(frames: int, in_file: tuple[int, int] | None, hints: ReadHints) -> tuple[int, int] | None:
    """Return the scan that a run holds with a few frames too many, by the hdr, else by the depositor.

    Fewer than a line: more are no stray frames but another scan.
    """
    shapes = [shape for shape in (in_file, hints.scan_shape) if shape is not None]
    if hints.frame_axis or any(rows * columns == frames for rows, columns in shapes):
        return None
    fitting = [(rows, columns) for rows, columns in shapes if 0 < frames - rows * columns < columns]
    return fitting[0] if fitting else None


def _tell_stray(count: int, scan: tuple[int, int], name: str) -> Finding:
    return warn(
        "stray_frames_left_out",
        f"{name} has {count} frame{'' if count == 1 else 's'} more than a scan of {scan[0]} × {scan[1]}: the last "
        f"{'is' if count == 1 else 'are'} left out.",
        "Readers would see the scan shifted if they were taken before it and not after. Look at its picture; where "
        "it is sheared, or every frame counts, say that the frames are a series.",
        pointer="/scan_shape",
    )


def _read_last(path: Path, header: FrameHeader, frames: int) -> tuple[dict[str, Any], list[Finding]]:
    """Return the header of the last frame, with a warning when frame numbers jump in between."""
    last = read_frame_header(path, (frames - 1) * header.stride).fields
    jump = last["sequence_number"] - header.fields["sequence_number"]
    if jump == frames - 1:
        return last, []
    return last, [
        warn(
            "frame_numbers_jump",
            f"{path.name} holds {frames} frames but their numbers run from "
            f"{header.fields['sequence_number']} to {last['sequence_number']}.",
            "Readers would see a part of the scan shifted, if frames are missing or repeated. Check the scan.",
        )
    ]


def _decline_layout(header: FrameHeader, name: str) -> ReadRefusedError:
    return decline(
        "mib_layout_not_read",
        f"{name}: {header.depth_bits}-bit RAW of a {header.layout} detector is not documented.",
        "Save it as counts (not RAW) with the detector's software, and upload that as well.",
    )


def open_mib(files: Mapping[str, Path], hints: ReadHints) -> OpenedFile:
    """Open the MIB files of one acquisition with the hdr, if there is one."""
    hdr_names = [name for name in files if name.lower().endswith(".hdr")]
    data_names = [name for name in files if name not in hdr_names]
    hdr = read_hdr(files[hdr_names[0]]) if hdr_names else {}
    parts, odd = _read_parts(data_names, files)
    name, header, _ = parts[0]
    plan = plan_decoder(header)
    if plan is None:
        raise _decline_layout(header, base_of(name))
    decode, frame_shape = plan
    frames = sum(count for _, _, count in parts)
    moments = _list_moments(parts, files)
    flyback = find_flyback([exposure for _, exposure in moments], frames)
    findings = [*odd, *_check_count(frames, hdr, base_of(name), hints, flyback)]
    layout, flyback = _decide(frames, hdr, base_of(name), hints, flyback)
    last, jumps = _read_last(files[parts[-1][0]], parts[-1][1], parts[-1][2])
    resources = ExitStack()
    opened = [open_part(resources, files[part], offset=0, count=count) for part, _, count in parts]
    store = FramedBytes(opened, header.stride, frame_shape, header.dtype, decode)
    dead, gaps = _judge_gaps(store, header, hdr, base_of(name))
    axes = (*layout.axes, Axis("detector_y", frame_shape[0]), Axis("detector_x", frame_shape[1]))
    signal = SignalSource(
        name="data",
        shape=tuple(axis.size for axis in axes),
        dtype=store.dtype,
        axes=axes,
        n_signal_axes=2,
        load=partial(
            store.load,
            leading=layout.shape,
            line=flyback.line if flyback else None,
            first=flyback.first if flyback else 0,
        ),
        intensity_unit="1",
        shape_origin=layout.origin,
        orientation=ORIENTATION,
        dead_pixels=dead,
    )
    of_all = {"frames": frames, "last_timestamp_utc": last.get("timestamp_utc")}
    of_all["frame_time_ns"] = find_frame_time(moments)
    of_all |= {"flyback_frames_per_line": 1} if flyback else {}
    return OpenedFile(
        format="mib",
        reader_version=VERSION,
        signals=(signal,),
        header=to_json({"mib": header.fields | of_all, "hdr": hdr}),
        findings=(*findings, *layout.findings, *jumps, *gaps, *_tell_inferred(header, base_of(name))),
        resources=resources,
    )


def _judge_gaps(
    store: FramedBytes, header: FrameHeader, hdr: dict[str, str], name: str
) -> tuple[tuple[Rectangle, ...], list[Finding]]:
    """Return the dead pixels between the chips, by geometry, hdr and the first and last frame."""
    y, x = store.frame_shape

    def read_frame(number: int) -> Any:
        out = np.empty((1, y, x), store.dtype)
        store.read_run(number, number + 1, out)
        return out[0]

    return judge_gaps(find_gaps(header, (y, x)), hdr, read_frame, (0, store.count - 1), name)


def _tell_inferred(header: FrameHeader, name: str) -> list[Finding]:
    """Say of 24-bit RAW of a quad that its order is inferred: nobody else reads it."""
    if not header.is_raw or header.chips == 1 or header.depth_bits != 24:  # noqa: PLR2004 - bits
        return []
    message = (
        f"{name} is 24-bit RAW of four chips: read as two quad frames of 12 bits, the higher bits first."
    )
    hint = "So are those of one chip; no other program reads four. Compare a picture with that of your microscope."
    return [tell("raw_order_inferred", message, hint)]
