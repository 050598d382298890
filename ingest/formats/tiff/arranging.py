"""Pages become signals: which frames, along which axes, and what a person should know of them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ingest.formats.tiff.directory import Directory
from ingest.formats.tiff.frames import Frames
from ingest.formats.tiff.page import NONE, PALETTE, WHITE_IS_ZERO, Page, Tag
from ingest.formats.tiff.pages import Stack, TiffPages
from ingest.formats.tiff.programs import read_resolution
from ingest.formats.tiff.scanned import is_gray
from ingest.formats.tiff.told import Told, build_frame
from ingest.readers.contract import Axis, ReadHints, ShapeOrigin
from ingest.readers.refusals import refuse_truncated, tell, warn
from ingest.readers.scan_shape import decide_scan_layout
from ingest.readers.units import is_length
from repository.schema.findings import Finding


@dataclass(frozen=True, slots=True)
class Arranged:
    """One signal in the making; `axes` has the leading ones first, then those of one frame."""

    title: str
    frames: Frames
    axes: tuple[Axis, ...]
    origin: ShapeOrigin = "file"
    findings: tuple[Finding, ...] = ()
    intensity_unit: str = ""
    claimed: int = 0

    @property
    def n_signal_axes(self) -> int:
        """How many axes one frame has."""
        return len(self.frames.first.array_shape)

    @property
    def leading(self) -> tuple[int, ...]:
        """Sizes of the axes along which the frames lie."""
        return tuple(axis.size for axis in self.axes[: -self.n_signal_axes])

    @property
    def rank(self) -> tuple[int, int]:
        """How large the signal is; a picture in colors stands behind what was measured."""
        first = self.frames.first
        return (0 if first.is_color else 2 + len(self.leading), self.frames.count * first.nbytes)


def arrange_stack(stack: Stack, told: Told, *, name: str, hints: ReadHints) -> Arranged:
    """Return the signal of equal pages of one file."""
    first = stack.pages[0]
    frames, findings, claimed = _count_frames(stack, told, name)
    frame = told.frame
    if frame is None:
        plain = read_resolution(stack.first, first)
        frame, findings = plain.frame or build_frame(first.shape), [*findings, *plain.findings]
    leading, origin, said = lead(frames.count, told.leading, name=name, hints=hints)
    if leading and leading[0].name in {"scan_y", "position"}:
        frame = without_lengths(frame)
    return Arranged(
        title="picture" if first.is_color else f"page_{first.number}",
        frames=frames,
        axes=(*leading, *frame, *sample_axes(first)),
        origin=origin,
        findings=(*findings, *said, *told.findings, *tell_kind(stack.first, first)),
        intensity_unit=told.intensity_unit,
        claimed=max(claimed, told.claimed),
    )


def _count_frames(stack: Stack, told: Told, name: str) -> tuple[Frames, list[Finding], int]:
    """Return the frames; those that follow the only page without a directory only where they fill the file."""
    pages, promised = stack.pages, told.frames
    first = pages[0]
    if promised <= 1 or promised == len(pages):
        return Frames(pages, len(pages)), [], 0
    is_plain = first.compression == NONE and len(first.starts) == 1 and not first.is_tiled
    if len(pages) == 1 and is_plain:
        start, one = int(first.starts[0]), first.shape[0] * first.row_bytes
        end = start + promised * one
        size = first.path.stat().st_size
        if end > size:
            raise refuse_truncated(first.path, expected=end, actual=size, what=f"{promised} frames")
        return Frames(pages, promised), [], end
    message = f"{name} says that it holds {promised} frames, and has {len(pages)} pages of their size."
    hint = "Readers get the pages that are there. Compare their number with the original."
    return Frames(pages, len(pages)), [warn("frames_missing", message, hint)], 0


def lead(
    count: int, told: Sequence[Axis], *, name: str, hints: ReadHints
) -> tuple[tuple[Axis, ...], ShapeOrigin, tuple[Finding, ...]]:
    """Return the axes along which frames lie: the depositor's word, then the program's, else a series."""
    if count == 1:
        return (), "file", ()
    if hints.scan_shape or hints.frame_axis:
        layout = decide_scan_layout(frames=count, name=name, hints=hints)
        return layout.axes, layout.origin, layout.findings
    if told and math.prod(axis.size for axis in told) == count:
        return tuple(told), "file", ()
    if len(told) == 1 and told[0].size == 1:
        (axis,) = told
        return (Axis(axis.name, count, axis.unit, axis.scale, axis.offset),), "file", ()
    return (Axis("series", count),), "file", ()


def without_lengths(frame: tuple[Axis, Axis]) -> tuple[Axis, Axis]:
    """Return the axes of a pattern: a frame at a position of the beam has no step in nm."""
    y, x = (
        Axis(f"detector_{side}", axis.size)
        if is_length(axis.unit)
        else Axis(f"detector_{side}", axis.size, axis.unit, axis.scale, axis.offset)
        for side, axis in zip("yx", frame, strict=True)
    )
    return y, x


def sample_axes(page: Page) -> tuple[Axis, ...]:
    return (Axis("color" if page.is_color else "channel", page.samples),) if page.samples > 1 else ()


def tell_kind(directory: Directory, page: Page) -> list[Finding]:
    """Say where values are colors or numbers of colors, run from white to black, are turned, or are more than told."""
    name = page.path.name
    found = []
    if page.is_color:
        message = f"Page {page.number} of {name} is a picture in colors, not measured values."
        found.append(tell("color_picture", message, "Upload the measured values as well, if there are any."))
    if page.photometric == PALETTE and not is_gray(directory):
        message = f"The values of page {page.number} of {name} are numbers of colors in a table, not intensities alone."
        hint = "Letters and lines in colors may be burnt in. Upload the picture without them as well, if there is one."
        found.append(tell("picture_of_color_numbers", message, hint))
    if page.excess >= page.row_bytes:
        message = (
            f"Page {page.number} of {name} has {page.excess} bytes more than its {page.shape[0]} rows need."
        )
        found.append(
            warn(
                "bytes_left_over",
                message,
                "Readers may see a part of the picture only: the number of rows may be damaged. Compare it with the "
                "original.",
            )
        )
    if directory.integer(Tag.ORIENTATION, 1) != 1:
        message = f"{name} says that its rows do not run from top left; they are given as stored."
        found.append(tell("picture_turned", message, "Pictures of it may look turned in other programs."))
    if page.photometric == WHITE_IS_ZERO:
        message = f"{name} stores white as 0: programs show its values the other way round."
        found.append(tell("values_run_from_white", message, "The values are given as stored."))
    return found


def arrange_series(opened: Sequence[TiffPages], told: Told, hints: ReadHints, *, name: str) -> list[Arranged]:
    """Return a run of files with one frame each as one signal; frames that differ stay apart, and that is said."""
    kinds: dict[tuple[object, ...], Stack] = {}
    for pages in opened:
        for stack in pages.stacks:
            first = stack.pages[0]
            key = (first.array_shape, first.stored.str, first.is_color)
            kinds.setdefault(key, Stack(stack.first)).pages.extend(stack.pages)
    ordered = sorted(kinds.values(), key=lambda stack: -len(stack.pages))
    apart = [page for stack in ordered[1:] for page in stack.pages]
    found = [arrange_stack(ordered[0], _plain(told, ordered[0]), name=name, hints=hints)]
    found.extend(
        arrange_stack(stack, Told("", "", {}), name=name, hints=ReadHints()) for stack in ordered[1:]
    )
    if apart:
        names = ", ".join(sorted({page.path.name for page in apart})[:5])
        message = (
            f"{len(apart)} frames differ from the others in size or type and stay apart, among them {names}."
        )
        said = warn(
            "frames_differ",
            message,
            "Readers see the others as the series. Check whether these belong to it.",
        )
        found[0] = replace(found[0], findings=(*found[0].findings, said))
    return found


def _plain(told: Told, stack: Stack) -> Told:
    """Return what a file says that holds for a run of them: not how many frames it has itself."""
    first = stack.pages[0].shape
    frame = told.frame if told.frame and tuple(axis.size for axis in told.frame) == first else None
    return Told(told.program, told.root, told.values, frame=frame, findings=told.findings)


def describe_first(pages: TiffPages, page: Page) -> dict[str, object]:
    """Return what the standard's tags say of the first page, for the header."""
    head = pages.first
    resolution = [head.ratio(tag) for tag in (Tag.X_RESOLUTION, Tag.Y_RESOLUTION)]
    return {
        "kind": "BigTIFF" if pages.is_big else "TIFF",
        "byte_order": "little" if pages.order == "<" else "big",
        "pages": pages.count,
        "shape": page.array_shape,
        "bits": page.bits,
        "compression": page.compression,
        "photometric": page.photometric,
        "description": head.text(Tag.DESCRIPTION),
        "make": head.text(Tag.MAKE),
        "model": head.text(Tag.MODEL),
        "software": head.text(Tag.SOFTWARE),
        "date_time": head.text(Tag.DATE_TIME),
        "author": head.text(Tag.ARTIST),
        "host_computer": head.text(Tag.HOST),
        "resolution": resolution,
        "resolution_unit": head.integer(Tag.RESOLUTION_UNIT, 2),
    }
