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
    candidates = [stated] if stated else list(heights)
    if not candidates and len(names) == 1:
        return Arrangement(names, header.shape, 1, images, tuple(findings))
    if not candidates:
        raise _ask_height(names, header)
    rows, rest = divmod(candidates[0], len(names))
    if rest or not 0 < rows <= stored_rows or stored_rows % rows or _is_other_width(settings, columns):
        message = (
            f"{base_of(names[0])} stores images of {stored_rows} × {columns}, in which frames of "
            f"{candidates[0]} × {find_count(settings, 'ImageSizeX') or columns} do not fit."
        )
        if len(names) > 1:
            raise refuse("seq_halves_differ", message, "Check that settings and references are of this scan.")
        findings.append(
            warn(
                "seq_settings_differ",
                message,
                "Readers get each stored image as one frame. Check that what lies beside it is of this scan.",
            )
        )
        return Arrangement(names, header.shape, 1, images, tuple(findings))
    per_image = stored_rows // rows
    findings += _compare_counts(settings, images * per_image, names[0])
    return Arrangement(names, (rows * len(names), columns), per_image, images, tuple(findings))


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


def _is_other_width(settings: Mapping[str, Any], columns: int) -> bool:
    stated = find_count(settings, "ImageSizeX")
    return stated is not None and stated != columns


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
