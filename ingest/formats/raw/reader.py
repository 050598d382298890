"""Raw numbers behind each other, of which a person says type, byte order, shape, offset and gap.

Header document: ``{"raw": {"bytes", "dtype", "byte_order", "shape", "offset", "gap"}}``, all but the size as answered.

Signal: `data`. A frame is what the last two axes span, as they lie in the file. The answers are held against the size
of the file: offset + frames × (bytes of a frame + gap), of which the last gap may be missing.
"""

import math
from collections.abc import Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from ingest.readers.array_answers import ArrayAnswers
from ingest.readers.bare_arrays import BareArray, build_signals, check_numbers
from ingest.readers.contract import OpenedFile, ReadHints, ReadRefusedError
from ingest.readers.framed_bytes import open_part, read_bytes
from ingest.readers.refusals import warn
from ingest.readers.strided_bytes import StridedBytes, list_strides
from repository.schema.findings import Finding

VERSION = "1"
_FRAME_AXES = 2


def open_raw(files: Mapping[str, Path], hints: ReadHints) -> OpenedFile:
    """Open a file of raw numbers."""
    path = next(iter(files.values()))
    said, size = hints.array, path.stat().st_size
    if not said.shape or not said.dtype:
        raise _ask(path, size, said)
    stored = np.dtype(said.dtype).newbyteorder(">" if said.byte_order == "big" else "<")
    check_numbers(stored, said.shape, what=path.name)
    findings = _compare_sizes(path, size, said, stored.itemsize)
    with ExitStack() as resources:
        part = open_part(resources, path, offset=said.offset, count=1)
        strides = _list_strides(said, stored.itemsize)
        numbers = StridedBytes(partial(read_bytes, part), said.shape, strides, stored, said.offset)
        signals, asked = build_signals([BareArray("", numbers)], name=path.name, hints=hints)
        kept = resources.pop_all()
    header = {"raw": {"bytes": size, **_describe(said)}}
    return OpenedFile("raw_numbers", VERSION, tuple(signals), header, (*findings, *asked), kept)


def _describe(said: ArrayAnswers) -> dict[str, Any]:
    return {
        "dtype": said.dtype,
        "byte_order": said.byte_order,
        "shape": list(said.shape),
        "offset": said.offset,
        "gap": said.gap,
    }


def _count_frames(shape: tuple[int, ...]) -> int:
    return math.prod(shape[:-_FRAME_AXES])


def _list_strides(said: ArrayAnswers, itemsize: int) -> tuple[int, ...]:
    """Return the strides in bytes: within a frame without gaps, from frame to frame with one."""
    inner = list_strides(said.shape[-_FRAME_AXES:], itemsize)
    frame = itemsize * math.prod(said.shape[-_FRAME_AXES:]) + said.gap
    return (*list_strides(said.shape[:-_FRAME_AXES], frame), *inner)


def _ask(path: Path, size: int, said: ArrayAnswers) -> ReadRefusedError:
    """Build the question for what is not answered yet: the shape first, then the type."""
    is_shape = not said.shape
    what, field, title = (
        (
            "which shape they have",
            "shape",
            "the shape of the array, the axis that changes slowest first, such as 256 × 256 × 128 × 128",
        )
        if is_shape
        else ("of which type they are", "dtype", "the type of the numbers, such as uint16")
    )
    return ReadRefusedError(
        Finding(
            "error",
            f"array_{field}_missing",
            f"{path.name} holds {size} bytes of raw numbers and does not say {what}.",
            pointer=f"/array/{field}",
            hint=f"Give {title}; and offset, gap and byte order where they are not 0 and little.",
            layer="reading",
        )
    )


def _compare_sizes(path: Path, size: int, said: ArrayAnswers, itemsize: int) -> list[Finding]:
    """Refuse answers that need more bytes than there are; tell bytes that are left over.

    The equation is offset + frames × (frame + gap) = size, where the last gap may be missing.
    """
    frames = _count_frames(said.shape)
    frame = itemsize * math.prod(said.shape[-_FRAME_AXES:])
    needed = said.offset + frames * (frame + said.gap) - said.gap
    sum_of = f"{said.offset} bytes before them + {frames} frames × ({frame} + {said.gap} bytes)"
    if needed > size:
        hint = "Correct shape, type, offset or gap; or upload the file again, if it is cut short."
        fitting = (size - said.offset + said.gap) // (frame + said.gap)
        if frames > 1 and fitting > 0:
            hint = f"{fitting} whole frames of that size would fit. {hint}"
        raise ReadRefusedError(
            Finding(
                "error",
                "array_size_mismatch",
                f"{path.name} has {size} bytes, and what was answered needs {needed}: {sum_of}.",
                pointer="/array/shape",
                hint=hint,
                layer="reading",
            )
        )
    left = size - needed
    if left in {0, said.gap}:
        return []
    return [
        warn(
            "bytes_left_over",
            f"{path.name} has {left} bytes more than what was answered: {sum_of} make {needed} of {size}.",
            "Readers would see shifted frames if offset or gap are others. Look at the last frame, or correct them.",
            pointer="/array/shape",
        )
    ]
