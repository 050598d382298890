"""StreamPix SEQ: stored images of equal size, each with its time stamp, in one file or in two for half a detector each.

Header document: ``{"seq": {…}, "record": {…}, "config": {…}, "defects": […]}``. ``seq`` is the header of the sequence:
``version``, ``description``, ``shape`` (rows, columns of a stored image), ``stored_bits``, ``counting_bits``,
``images``, ``stride`` (bytes from one image to the next), ``replay_rate``; and what was found: ``frames_per_image``,
``halves``, ``first_time`` and ``last_time`` (seconds since 1970, UTC). ``record`` is what Direct Electron's record of
the first frame says (`ingest.formats.seq.described`), ``config`` its settings under their own names, ``defects`` the
pixels that these call bad; empty where there are none.

Orientation: rows as stored in the file, equal to LiberTEM; of a Celeritas the upper half turned upside down above the
lower one. Dark and gain references are arrays beside the frames and never applied.
"""

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ingest.formats.seq.arranging import Arrangement, arrange
from ingest.formats.seq.described import is_config, is_records, read_config, read_record
from ingest.formats.seq.frames import FrameTimes, SequenceFrames
from ingest.formats.seq.header import MARK, SeqHeader, read_header
from ingest.formats.seq.surplus import find_surplus
from ingest.readers.companions import base_of
from ingest.readers.contract import Axis, OpenedFile, ReadHints, ReadRefusedError, SignalSource
from ingest.readers.framed_bytes import open_part
from ingest.readers.header_json import to_json
from ingest.readers.reference_image import open_reference
from ingest.readers.refusals import as_warning, warn
from ingest.readers.scan_shape import ScanLayout, decide_scan_layout
from ingest.readers.units import calibrated_axis
from repository.schema.findings import Finding

VERSION = "1"
AS_STORED = "as stored in the file, equal to LiberTEM"
JOINED = "the upper half of the detector turned upside down above the lower one, each as stored in its file"
_HEAD_BYTES = 8192
_WITHOUT = "Readers get the frames without what it says."
_REFERENCES = {"dark": "dark_reference", "gain": "gain_reference"}


@dataclass(slots=True)
class _Parts:
    """The files of one measurement, by what they are."""

    sequences: list[str]
    references: dict[str, str]
    record: Mapping[str, Any]
    config: Mapping[str, Any]
    findings: list[Finding]


def _sort(files: Mapping[str, Path]) -> _Parts:
    """Tell files apart by their content; one that describes and cannot be read is told, and done without."""
    parts = _Parts([], {}, {}, {}, [])
    primary = next(iter(files))
    for name, path in files.items():
        with path.open("rb") as handle:
            head = handle.read(_HEAD_BYTES)
        try:
            if name == primary or head.startswith(MARK):
                parts.sequences.append(name)
            elif is_records(head, path.stat().st_size) or name.casefold().endswith(".metadata"):
                parts.record = parts.record or read_record(path)
            elif is_config(head.decode("utf-8", "replace")) or name.casefold().endswith(".xml"):
                parts.config = read_config(path)
            else:
                kind = next((word for word in _REFERENCES if word in base_of(name).casefold()), "dark")
                parts.references[_REFERENCES[kind]] = name
        except ReadRefusedError as error:
            parts.findings.append(as_warning(error.finding, _WITHOUT))
    return parts


def _open_references(
    parts: _Parts, files: Mapping[str, Path], resources: ExitStack
) -> dict[str, SignalSource]:
    found = {}
    for name, file in parts.references.items():
        try:
            found[name] = open_reference(files[file], name, resources)
        except ReadRefusedError as error:
            parts.findings.append(as_warning(error.finding, _WITHOUT))
    return found


def _build_store(
    header: SeqHeader, arrangement: Arrangement, files: Mapping[str, Path], resources: ExitStack
) -> SequenceFrames:
    dtype = header.dtype

    def decode(raw: npt.NDArray[np.uint8]) -> npt.NDArray[Any]:
        return raw.view(dtype)

    opened = [
        open_part(resources, files[name], offset=header.offset, count=arrangement.images)
        for name in arrangement.sequences
    ]
    return SequenceFrames(
        opened,
        header.stride,
        arrangement.frame_shape,
        dtype.newbyteorder("="),
        decode,
        per_image=arrangement.per_image,
    )


def _calibrate_time(layout: ScanLayout, config: Mapping[str, Any]) -> tuple[Axis, ...]:
    """Return the leading axes; frames of a time series are as far apart as the camera's own rate says."""
    rate = config.get("FrameRate")
    if not isinstance(rate, int | float) or rate <= 0:
        return layout.axes
    return tuple(
        calibrated_axis("time", axis.size, unit="s", scale=1 / rate) if axis.name == "time" else axis
        for axis in layout.axes
    )


def _build_times(times: FrameTimes, leading: tuple[Axis, ...]) -> SignalSource:
    shape = tuple(axis.size for axis in leading)
    return SignalSource(
        name="frame_time",
        shape=shape,
        dtype=np.dtype(np.float64),
        axes=leading,
        n_signal_axes=len(shape),
        load=partial(times.load, leading=shape),
        intensity_unit="s",
        orientation="in the order of the frames, counted from the first; frames of one stored image share its stamp",
    )


def open_seq(files: Mapping[str, Path], hints: ReadHints) -> OpenedFile:
    """Open a sequence, or the two halves of one, with what lies beside it."""
    parts = _sort(files)
    headers = {name: read_header(files[name]) for name in parts.sequences}
    resources = ExitStack()
    references = _open_references(parts, files, resources)
    info, defects = parts.config.get("info", {}), parts.config.get("defects", [])
    heights = [signal.shape[0] for signal in references.values()]
    arrangement = arrange(headers, info, heights)
    header = headers[arrangement.sequences[0]]
    store = _build_store(header, arrangement, files, resources)
    times = [FrameTimes(part, header, arrangement.per_image) for part in store.parts]
    first, last = times[0].read_stamp(0), times[0].read_stamp(arrangement.images - 1)
    name = base_of(next(iter(files)))
    layout = decide_scan_layout(frames=store.count, name=name, hints=hints)
    leading = _calibrate_time(layout, info)
    rows, columns = arrangement.frame_shape
    signal = SignalSource(
        name="data",
        shape=(*layout.shape, rows, columns),
        dtype=store.dtype,
        axes=(*leading, Axis("detector_y", rows), Axis("detector_x", columns)),
        n_signal_axes=2,
        load=partial(store.load, leading=layout.shape),
        shape_origin=layout.origin,
        orientation=JOINED if len(store.parts) > 1 else AS_STORED,
    )
    signals = [signal, *references.values()]
    if last > first and layout.shape:
        signals.append(_build_times(times[0], leading))
    odd = [
        _tell_size(one, arrangement) for one in references.values() if one.shape != arrangement.frame_shape
    ]
    odd += _tell_stamps(arrangement, first, last, name)
    surplus = [one for sequence, head in headers.items() for one in find_surplus(files[sequence], head)]
    return OpenedFile(
        format="seq",
        reader_version=VERSION,
        signals=tuple(signals),
        header=to_json(
            {
                "seq": _describe(header, arrangement, first / 1e6, last / 1e6),
                "record": parts.record,
                "config": info,
                "defects": defects,
            }
        ),
        findings=(*parts.findings, *arrangement.findings, *odd, *surplus, *layout.findings),
        resources=resources,
    )


def _tell_stamps(arrangement: Arrangement, first: int, last: int, name: str) -> list[Finding]:
    if arrangement.images < 2 or 0 not in {first, last}:  # noqa: PLR2004 - one image alone may have none
        return []
    message = f"The first or the last image of {name} has no time stamp, which cameras write behind each."
    hint = "Readers are not told when the frames were taken. Compare the file with the original: it may be damaged."
    return [warn("seq_stamps_missing", message, hint)]


def _tell_size(reference: SignalSource, arrangement: Arrangement) -> Finding:
    rows, columns = arrangement.frame_shape
    message = f"{reference.name} has {reference.shape[0]} × {reference.shape[1]} pixels, a frame {rows} × {columns}."
    hint = "Readers get both as they are. Check that the reference is of this scan."
    return warn("reference_size_differs", message, hint)


def _describe(header: SeqHeader, arrangement: Arrangement, first: float, last: float) -> dict[str, Any]:
    return {
        "version": header.version,
        "description": header.description,
        "shape": header.shape,
        "stored_bits": header.stored_bits,
        "counting_bits": header.counting_bits,
        "images": header.images,
        "stride": header.stride,
        "replay_rate": header.replay_rate,
        "frames_per_image": arrangement.per_image,
        "halves": len(arrangement.sequences),
        "first_time": first or None,
        "last_time": last or None,
    }
