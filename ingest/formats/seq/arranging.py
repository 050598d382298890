"""How the frames lie in the stored images: one or several below each other, whole or half of a detector.

Neither header nor pixels tell it. The settings say how tall a frame is; so do the references of the whole detector.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ingest.formats.seq.companions import find_half
from ingest.formats.seq.described import find_count
from ingest.formats.seq.header import SeqHeader
from ingest.readers.companions import base_of
from ingest.readers.contract import ReadRefusedError
from ingest.readers.refusals import refuse, tell, warn
from repository.schema.findings import Finding

_BOTH = 2
_BUFFERED = "SegmentPreBuffer"


@dataclass(frozen=True, slots=True)
class Arrangement:
    """Where the frames are.

    Attributes
    ----------
    sequences
        One file, or upper and lower half.
    frame_shape
        (rows, columns) of a whole frame.
    per_image
        Frames in one stored image.
    images
        Stored images that all files have.
    """

    sequences: tuple[str, ...]
    frame_shape: tuple[int, int]
    per_image: int
    images: int
    findings: tuple[Finding, ...] = ()


def arrange(
    headers: Mapping[str, SeqHeader], settings: Mapping[str, Any], heights: Sequence[int]
) -> Arrangement:
    """Return how frames lie in one sequence, or in two halves.

    Parameters
    ----------
    headers
        Of each sequence, by its name.
    settings
        Of the camera; empty where they are missing.
    heights
        Rows of the references that lie beside it.

    Raises
    ------
    ReadRefusedError
        `companion_missing`, `seq_halves_differ`, `seq_frame_height_unknown`.
    """
    names = _order(headers)
    header = headers[names[0]]
    stored_rows, columns = header.shape
    findings = _compare_halves(headers, names)
    images = min(headers[name].images for name in names)
    stated = find_count(settings, "ImageSizeY")
    if stated is None and len(names) == 1:
        return Arrangement(names, header.shape, 1, images, tuple(findings))
    if stated is None and not heights:
        raise _ask_height(names, header)
    height = stated or heights[0]
    rows, rest = divmod(height, len(names))
    fits = not rest and 0 < rows <= stored_rows and stored_rows % rows == 0
    fits = fits and find_count(settings, "ImageSizeX") in {None, columns}
    per_image = stored_rows // rows if fits else 0
    buffered = find_count(settings, _BUFFERED)
    # A whole sequence may be merged of halves that had several frames to an image, and say so no more.
    if not fits or (len(names) == 1 and per_image not in {1, buffered}):
        findings.append(_tell_misfit(names, header, (height, find_count(settings, "ImageSizeX") or columns)))
        return Arrangement(names, header.shape, 1, images, tuple(findings))
    if len(names) > 1 and buffered not in {None, per_image}:
        findings.append(_tell_buffered(names[0], per_image, buffered))
    findings += _compare_counts(settings, images * per_image, names[0])
    return Arrangement(names, (rows * len(names), columns), per_image, images, tuple(findings))


def _tell_misfit(names: Sequence[str], header: SeqHeader, frame: tuple[int, int]) -> Finding:
    """Say that a sequence is read without what does not fit it; halves cannot be.

    Raises
    ------
    ReadRefusedError
        `seq_halves_differ`.
    """
    rows, columns = header.shape
    message = (
        f"{base_of(names[0])} stores images of {rows} × {columns}, in which frames of {frame[0]} × {frame[1]} do not "
        "fit, as settings or references beside it say."
    )
    if len(names) > 1:
        raise refuse("seq_halves_differ", message, "Check that settings and references are of this scan.")
    hint = "Readers get each stored image as one frame. Check that what lies beside it is of this scan."
    return warn("seq_settings_differ", message, hint)


def _tell_buffered(name: str, per_image: int, buffered: int | None) -> Finding:
    message = (
        f"{base_of(name)}: by the height of a frame {per_image} lie in each stored image, by {_BUFFERED} of the "
        f"settings {buffered}."
    )
    hint = "Readers get them by the height. Look at a frame, and check that the settings are of this scan."
    return warn("seq_settings_differ", message, hint)


def _order(headers: Mapping[str, SeqHeader]) -> tuple[str, ...]:
    """Return the one sequence, or the upper half before the lower one."""
    halves = {find_half(name): name for name in headers}
    if len(headers) == 1:
        (name,) = headers
        if find_half(name):
            message = f"{base_of(name)} is half of a detector: of each frame it holds every row of one side."
            raise refuse(
                "companion_missing",
                message,
                "Upload the other half, …_Top_….seq or …_Bottom_….seq, beside it.",
            )
        return (name,)
    if len(headers) != _BOTH or set(halves) != {"top", "bottom"}:
        named = ", ".join(base_of(name) for name in headers)
        message = f"{named} are no upper and lower half of one detector by their names."
        raise refuse(
            "seq_halves_differ", message, "Upload each sequence alone, or name halves as the camera does."
        )
    return halves["top"], halves["bottom"]


def _compare_halves(headers: Mapping[str, SeqHeader], names: Sequence[str]) -> list[Finding]:
    """Say where the halves have not the same number of frames; refuse those that cannot be of one detector."""
    if len(names) == 1:
        return []
    top, bottom = (headers[name] for name in names)
    if (top.shape, top.dtype, top.stride, top.offset) != (
        bottom.shape,
        bottom.dtype,
        bottom.stride,
        bottom.offset,
    ):
        message = (
            f"{base_of(names[0])} stores images of {top.shape[0]} × {top.shape[1]}, {base_of(names[1])} of "
            f"{bottom.shape[0]} × {bottom.shape[1]}: no halves of one detector."
        )
        raise refuse("seq_halves_differ", message, "Upload the two halves of the same acquisition.")
    if top.images == bottom.images:
        return []
    counts = f"{top.images} images in {base_of(names[0])}, {bottom.images} in {base_of(names[1])}"
    return [
        warn(
            "seq_halves_differ",
            f"The halves of the detector are not of one length: {counts}. The first of both are read.",
            "Readers get no frame of which a half is missing. If one was lost before the end, the halves behind it "
            "do not belong together: check a later frame.",
        )
    ]


def _ask_height(names: Sequence[str], header: SeqHeader) -> ReadRefusedError:
    rows, columns = header.shape
    message = (
        f"{base_of(names[0])} stores images of {rows} × {columns} that may hold several half frames below each other, "
        "and nothing beside it says how tall a frame is."
    )
    hint = (
        "Upload the .seq.Config.Metadata.xml of the acquisition, or its .seq.dark.mrc, beside the two halves."
    )
    return refuse("seq_frame_height_unknown", message, hint)


def _compare_counts(settings: Mapping[str, Any], frames: int, name: str) -> list[Finding]:
    stated = find_count(settings, "TotalFrames")
    if stated is None or stated == frames:
        return []
    return [
        tell(
            "frame_count_differs",
            f"{base_of(name)} holds {frames} frames where its settings say {stated}.",
            "All of them are read. Settings are written while the camera runs.",
        )
    ]
