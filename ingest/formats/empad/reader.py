"""EMPAD: an xml header beside a raw file of little-endian float32 frames, 130 × 128, the last 2 rows service.

Header document: ``{"xml": {key: value}}`` with flat keys as in the file: tags joined by dots, attributes
likewise (``root.timestamp.isoformat``), repeated tags numbered or named by their mode
(``root.scan_parameters[acquire].scan_size``), lists also one by one
(``root.iom_measurements.optics.get_full_scan_field_of_view[0]``). Software 0.51:
``root.iom_measurements.{source.get_voltage V, optics.get_cameralength m, column.get_scanrotation,
source.get_screencurrent A, calibrated_diffraction_angle rad}``; 1.2.x:
``root.iom_measurements.{high_voltage V, nominal_camera_length m, scan_rotation,
full_scan_field_of_view.x m}``; both: ``root.exposure_time`` ms, ``root.software_version``,
``root.timestamp.isoformat`` (no zone). A raw file alone has the header ``{}``.

EMPAD-G2 writes 128 × 128 words of 32 bits without service rows; a raw file is taken for one where only that fits the
number of frames that header or name say. Its words are given as they are, and ``{"words": "EMPAD-G2"}`` says so.
"""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ingest.formats.empad.header import EmpadHeader, find_named_shape, parse_header
from ingest.formats.empad.positions import find_scanned_shape
from ingest.formats.empad.words import G2, G2_FRAME_BYTES, decode_words, is_g2, tell_words
from ingest.readers.companions import base_of, check_bare_name, find_beside
from ingest.readers.contract import Axis, OpenedFile, ReadHints, SignalSource
from ingest.readers.framed_bytes import FramedBytes, open_part
from ingest.readers.header_json import to_json
from ingest.readers.refusals import refuse, refuse_truncated, tell, tell_surplus, warn
from ingest.readers.scan_shape import ScanLayout, decide_scan_layout
from repository.schema.findings import Finding

VERSION = "1"
ROWS, COLUMNS, RAW_ROWS = 128, 128, 130
FRAME_BYTES = RAW_ROWS * COLUMNS * 4
INTENSITY_UNIT = "1"  # what the converter counted, and the description says so: adu
AS_STORED = "as stored in the file"
ORIENTATION = "as stored in the file: detector rows downwards in file order, the two service rows dropped"


def _decode(raw: npt.NDArray[np.uint8]) -> npt.NDArray[Any]:
    frames = raw.view("<f4").reshape(len(raw), RAW_ROWS, COLUMNS)
    return frames[:, :ROWS]


def find_raw(header: EmpadHeader, *, primary: str, files: Mapping[str, Path]) -> tuple[str, list[Finding]]:
    """Return the upload path of the raw file that belongs to an xml.

    The name that the xml gives decides; where no such file lies beside it, the only raw file of the measurement: in
    another folder that is one which a person put there.

    Raises
    ------
    ReadRefusedError
        `path_inside_file` or `companion_missing`.
    """
    wanted = check_bare_name(header.raw_name, inside=base_of(primary), field="raw_file/@filename")
    found = find_beside(wanted, primary=primary, files=files)
    if found is not None:
        return found, []
    others = [p for p in files if p.lower().endswith(".raw")]
    if len(others) == 1:
        taken = base_of(others[0])
        message = (
            f"{base_of(primary)} names {wanted}; {taken} was taken, the only raw file of the measurement."
        )
        return others[0], [tell("companion_renamed", message, "Correct only if the pair is wrong.")]
    raise refuse(
        "companion_missing",
        f"{base_of(primary)} needs {wanted}, which was not uploaded into the same folder.",
        f"Upload {wanted} beside it.",
    )


def count_frames(
    path: Path, counts: Sequence[int], frame_bytes: int = FRAME_BYTES
) -> tuple[int, list[Finding]]:
    """Return the number of whole frames in a raw file, with a warning about bytes behind the last of them.

    Parameters
    ----------
    path
        The raw file.
    counts
        Numbers of frames that the header may mean, the most trusted first.

    Raises
    ------
    ReadRefusedError
        `file_truncated`, if there are fewer whole frames than the header says, or none.
    """
    actual = path.stat().st_size
    frames, rest = divmod(actual, frame_bytes)
    if not rest and frames and any(count == frames for count in counts):
        return frames, []
    expected = counts[0] if counts else 0
    # Without a header that counts them, a part of a frame at the end is a frame that was cut short.
    if frames < max(expected, 1) or (rest and frames not in counts):
        whole = max(expected, frames + bool(rest), 1) * frame_bytes
        raise refuse_truncated(path, expected=whole, actual=actual, what=f"frames of {frame_bytes} bytes")
    return frames, [tell_surplus(path, rest, after=f"its {frames} frames")] if rest else []


def _list_counts(header: EmpadHeader | None, raw_name: str) -> list[int]:
    """Return the numbers of frames that the header may mean; of a raw file alone what its name says."""
    if header is None:
        named = find_named_shape(raw_name)
        return [named[0] * named[1]] if named else []
    if header.is_series:
        return [header.series_count] if header.series_count else []
    return [rows * columns for rows, columns in header.scan_shapes]


def _decide(
    frames: int, header: EmpadHeader | None, name: str, hints: ReadHints, scanned: tuple[int, int] | None
) -> ScanLayout:
    """Return the leading axes: a series is none of positions, whatever blocks of scan parameters stand beside it."""
    if header is not None and header.is_series and frames > 1:
        return ScanLayout((Axis("time", frames),), "file", _tell_series(frames, header.series_count, name))
    shapes = header.scan_shapes if header else []
    fitting = [shape for shape in shapes if shape[0] * shape[1] == frames]
    candidates = [*fitting, *shapes]
    in_file = candidates[0] if candidates else None
    return decide_scan_layout(
        frames=frames,
        name=name,
        hints=hints,
        in_file=in_file,
        guess=scanned or find_named_shape(name),
        guessed_from="the positions that its service rows hold" if scanned else "its name",
    )


def _tell_series(frames: int, promised: int | None, name: str) -> tuple[Finding, ...]:
    if promised is None or promised == frames:
        return ()
    message = f"{name} has {frames} frames where its header says a series of {promised}."
    hint = "Readers see all of them. Check that xml and raw file belong together."
    return (warn("frame_count_differs", message, hint),)


def _calibrate(layout: ScanLayout, header: EmpadHeader | None) -> tuple[tuple[Axis, ...], list[Finding]]:
    if header is None or len(layout.axes) != len(("scan_y", "scan_x")):
        return layout.axes, []
    step_m = header.scan_step_m((layout.shape[0], layout.shape[1]))
    if step_m is None:
        return layout.axes, []
    axes = tuple(Axis(axis.name, axis.size, "nm", step_m * 1e9) for axis in layout.axes)
    return axes, [
        tell(
            "scan_step_derived",
            f"The scan step {step_m * 1e9:.4g} nm is the field of view × scan size / longer side.",
            "EMPAD writes the field of view, not the step. Give scan_step if you know better.",
        )
    ]


def open_empad(files: Mapping[str, Path], hints: ReadHints) -> OpenedFile:
    """Open an EMPAD xml with its raw file, or a raw file alone."""
    primary = next(iter(files))
    findings: list[Finding] = []
    header = None
    raw_name = primary
    if not primary.lower().endswith(".raw"):
        header = parse_header(files[primary])
        raw_name, findings = find_raw(header, primary=primary, files=files)
    path = files[raw_name]
    counts = _list_counts(header, base_of(raw_name))
    packed = is_g2(path.stat().st_size, counts)
    frame_bytes = G2_FRAME_BYTES if packed else FRAME_BYTES
    frames, odd = count_frames(path, counts, frame_bytes)
    scanned = None if packed else find_scanned_shape(path, frames, FRAME_BYTES)
    layout = _decide(frames, header, base_of(raw_name), hints, scanned)
    leading, derived = _calibrate(layout, header)
    resources = ExitStack()
    part = open_part(resources, path, offset=0, count=frames)
    dtype, decode = (np.uint32, decode_words) if packed else (np.float32, _decode)
    store = FramedBytes([part], frame_bytes, (ROWS, COLUMNS), np.dtype(dtype), decode)
    axes = (*leading, Axis("detector_y", ROWS), Axis("detector_x", COLUMNS))
    signal = SignalSource(
        name="data",
        shape=tuple(axis.size for axis in axes),
        dtype=store.dtype,
        axes=axes,
        n_signal_axes=2,
        load=partial(store.load, leading=layout.shape),
        intensity_unit=None if packed else INTENSITY_UNIT,
        shape_origin=layout.origin,
        orientation=AS_STORED if packed else ORIENTATION,
    )
    said = {"xml": to_json(header.fields)} if header else {}
    return OpenedFile(
        format="empad",
        reader_version=VERSION,
        signals=(signal,),
        header=said | ({"words": G2} if packed else {}),
        findings=(*findings, *odd, *layout.findings, *derived, *(tell_words(path) if packed else ())),
        resources=resources,
    )
