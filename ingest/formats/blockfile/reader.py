"""NanoMEGAS Blockfile: 8-bit patterns, each behind 6 bytes, after a bright field of one byte per position.

Header document: ``{"blockfile_header": {…}}`` with ``Beam_energy`` V, ``SX``, ``SY`` nm, ``DP_SZ``, ``NX``,
``NY``, ``Camera_length`` in 0.1 mm, ``SDP`` in pixels per m of the screen,
``Scan_rotation`` and ``DP_rotation`` in
0.01 deg, ``Acquisition_time`` as an OLE day number, ``Centering_N0``…, ``Distortion_N00``…, ``Note``
(free text; precession stands only there).

Signals: `data` (scan_y, scan_x, detector_y, detector_x) and `virtual_bright_field` (scan_y, scan_x).
Orientation: as stored; equal to LiberTEM and RosettaSciIO. Values are grey levels of a camera, often behind
a gamma curve (see ``Note``), so they have no intensity unit.
"""

from collections.abc import Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from ingest.readers.contract import Axis, OpenedFile, ReadHints, SignalSource
from ingest.readers.framed_bytes import FramedBytes, open_part
from ingest.readers.header_json import to_json
from ingest.readers.parts import Recognized
from ingest.readers.refusals import implausible, refuse, refuse_truncated, tell, tell_surplus, warn
from ingest.readers.units import calibrated_axis
from ingest.readers.uploaded_file import UploadedFile
from repository.schema.findings import Finding

VERSION = "1"
FRAME_MARK_BYTES = 6
_FRAME_MARK = b"\xaa\x55"
_MAGIC = 0x0102
_MAX_NOTE = 4096
HEADER_DTYPE = np.dtype(
    [
        ("ID", "S6"),
        ("MAGIC", "<u2"),
        ("Data_offset_1", "<u4"),
        ("Data_offset_2", "<u4"),
        ("UNKNOWN1", "<u4"),
        ("DP_SZ", "<u2"),
        ("DP_rotation", "<u2"),
        ("NX", "<u2"),
        ("NY", "<u2"),
        ("Scan_rotation", "<u2"),
        ("SX", "<f8"),
        ("SY", "<f8"),
        ("Beam_energy", "<u4"),
        ("SDP", "<u2"),
        ("Camera_length", "<u4"),
        ("Acquisition_time", "<f8"),
        *((f"Centering_N{i}", "<f8") for i in range(8)),
        *((f"Distortion_N{i:02d}", "<f8") for i in range(14)),
    ]
)


def _read_header(path: Path) -> dict[str, Any]:
    with path.open("rb") as handle:
        raw = handle.read(HEADER_DTYPE.itemsize)
        if len(raw) < HEADER_DTYPE.itemsize:
            raise refuse_truncated(path, expected=HEADER_DTYPE.itemsize, actual=len(raw), what="header")
        record = np.frombuffer(raw, HEADER_DTYPE)[0]
        header: dict[str, Any] = {name: record[name].item() for name in HEADER_DTYPE.names or ()}
        note = handle.read(max(0, min(_MAX_NOTE, header["Data_offset_1"] - len(raw))))
    header["ID"] = header["ID"].decode("latin-1")
    header["Note"] = note.partition(b"\0\0")[0].strip(b"\0").decode("latin-1")
    return header


def _check_size(path: Path, header: Mapping[str, Any]) -> list[Finding]:
    """Refuse a header without patterns, a file with fewer patterns than its header says, and a wrong offset.

    Every pattern begins with the same two bytes, so that an offset or a size that is wrong is seen.
    """
    side, count = header["DP_SZ"], header["NX"] * header["NY"]
    start = header["Data_offset_2"]
    if not side or not count or start < HEADER_DTYPE.itemsize:
        raise refuse(
            "blockfile_header_unreadable",
            f"{path.name} declares {header['NY']} × {header['NX']} patterns of {side} pixels at {start}.",
            "Its header is damaged. Upload the original.",
        )
    expected = start + count * (FRAME_MARK_BYTES + side * side)
    actual = path.stat().st_size
    if actual < expected:
        raise refuse_truncated(path, expected=expected, actual=actual, what=f"{count} patterns")
    for number in sorted({0, min(1, count - 1), count - 1}):
        at = start + number * (FRAME_MARK_BYTES + side * side)
        if not _has_mark(path, at):
            raise refuse(
                "blockfile_header_unreadable",
                f"Pattern {number + 1} of {path.name} does not begin at byte {at}, where its header says.",
                "Its header is damaged. Upload the original.",
            )
    return [tell_surplus(path, actual - expected, after=f"its {count} patterns")] if actual > expected else []


def _has_mark(path: Path, at: int) -> bool:
    with path.open("rb") as handle:
        handle.seek(at)
        return handle.read(len(_FRAME_MARK)) == _FRAME_MARK


def angle_per_pixel_mrad(header: Mapping[str, Any]) -> float | None:
    """Return the angle of one detector pixel in mrad, from pixels per cm and the camera length."""
    density, length = header["SDP"], header["Camera_length"]
    if not density or not length:
        return None
    pixel_mm = 10.0 * 100.0 / density
    return float(pixel_mm / (length * 0.1) * 1e3)


def _detector_axes(header: Mapping[str, Any]) -> tuple[tuple[Axis, Axis], list[Finding]]:
    scale = angle_per_pixel_mrad(header)
    side = header["DP_SZ"]
    axes = (
        calibrated_axis("detector_y", side, unit="mrad", scale=scale),
        calibrated_axis("detector_x", side, unit="mrad", scale=scale),
    )
    if scale is None:
        return axes, []
    message = (
        f"{scale:.4g} mrad per pixel comes from {header['SDP']} pixels per m of screen and the camera length."
    )
    hint = "Give diffraction_pixel_size if you know better."
    return axes, [tell("diffraction_calibration_derived", message, hint)]


def _scan_axes(header: Mapping[str, Any]) -> tuple[Axis, Axis]:
    """Return the axes of the scan; without a step where the header says a negative one, which has no direction."""
    steps = {side: header[f"S{side}"] for side in "YX"}
    known = all(step >= 0 for step in steps.values())
    y, x = (
        calibrated_axis(f"scan_{side.lower()}", header[f"N{side}"], unit="nm", scale=step if known else None)
        for side, step in steps.items()
    )
    return y, x


def _tell_negative_steps(path: Path, header: Mapping[str, Any]) -> list[Finding]:
    steps = [header["SY"], header["SX"]]
    if all(step >= 0 or not np.isfinite(step) for step in steps):
        return []
    said = " × ".join(f"{step:g}" for step in steps)
    message = (
        f"The header of {path.name} says scan steps of {said} nm, and a step is the size of one: not used."
    )
    return [implausible(message, pointer="/scan_step")]


def _patterns(
    path: Path, header: Mapping[str, Any], resources: ExitStack
) -> tuple[SignalSource, list[Finding]]:
    scan, side = (header["NY"], header["NX"]), header["DP_SZ"]
    store = FramedBytes(
        [open_part(resources, path, offset=header["Data_offset_2"], count=scan[0] * scan[1])],
        FRAME_MARK_BYTES + side * side,
        (side, side),
        np.dtype(np.uint8),
        lambda raw: raw[:, FRAME_MARK_BYTES:].reshape(-1, side, side),
    )
    detector_axes, findings = _detector_axes(header)
    source = SignalSource(
        name="data",
        shape=(*scan, side, side),
        dtype=store.dtype,
        axes=(*_scan_axes(header), *detector_axes),
        n_signal_axes=2,
        load=partial(store.load, leading=scan),
    )
    return source, findings


def _bright_field(path: Path, header: Mapping[str, Any], resources: ExitStack) -> SignalSource | None:
    """Return the image before the patterns, where the header leaves room for one."""
    scan, start = (header["NY"], header["NX"]), header["Data_offset_1"]
    nbytes = scan[0] * scan[1]
    if start < HEADER_DTYPE.itemsize or start + nbytes > header["Data_offset_2"]:
        return None
    part = open_part(resources, path, offset=start, count=1)
    store = FramedBytes([part], nbytes, scan, np.dtype(np.uint8), lambda raw: raw.reshape(-1, *scan))
    return SignalSource(
        name="virtual_bright_field",
        shape=scan,
        dtype=store.dtype,
        axes=_scan_axes(header),
        n_signal_axes=2,
        load=partial(store.load, leading=()),
    )


def open_blockfile(files: Mapping[str, Path], hints: ReadHints) -> OpenedFile:  # noqa: ARG001 - the file says its shape
    """Open a Blockfile."""
    path = next(iter(files.values()))
    header = _read_header(path)
    odd = _check_size(path, header)
    resources = ExitStack()
    patterns, derived = _patterns(path, header, resources)
    findings = [*odd, *derived, *_tell_negative_steps(path, header)]
    image = _bright_field(path, header, resources)
    if image is None and header["Data_offset_1"] != header["Data_offset_2"]:
        findings.append(
            implausible(
                f"{path.name} has no bright field where its header says: {header['NY']} × {header['NX']} bytes from "
                f"{header['Data_offset_1']} on would reach into its patterns, which begin at {header['Data_offset_2']}."
            )
        )
    if header["MAGIC"] != _MAGIC:
        message = f"{path.name} has the unknown version {header['MAGIC']:#06x}."
        findings.append(
            warn(
                "blockfile_version_unknown",
                message,
                "Readers get the patterns as a known version stores them. Compare one with the original.",
            )
        )
    return OpenedFile(
        format="blockfile",
        reader_version=VERSION,
        signals=(patterns,) if image is None else (patterns, image),
        header={"blockfile_header": to_json(header)},
        findings=tuple(findings),
        resources=resources,
    )


def recognize_blockfile(file: UploadedFile) -> Recognized | None:
    """Say whether the file begins as a Blockfile."""
    return Recognized("bytes IMGBLO at 0") if file.head.startswith(b"IMGBLO") else None
