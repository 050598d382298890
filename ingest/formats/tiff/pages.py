"""All pages of a file, sorted by what they hold: equal ones are one stack, those that differ stay apart."""

from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ingest.formats.tiff.directory import ByteOrder, Directory, TiffBytes, open_tiff_bytes, walk_directories
from ingest.formats.tiff.page import LAYOUT, Page, Tag, is_copy, move_page, read_page
from ingest.readers.contract import ReadRefusedError
from ingest.readers.refusals import UPLOAD_AGAIN, refuse, warn
from repository.schema.findings import Finding

_PRIVATE = 32768
_POINTERS = {4, 13, 16, 18}  # types of an entry that may say where something else lies
_MOST_POINTERS = 64
_LEAST_GAP = 1024  # programs leave room for texts that grow
_PADDING = 16  # bytes that programs leave between what they write

Key = tuple[tuple[int, ...], str, bool]
Layout = tuple[tuple[int, int, bytes], ...]


@dataclass(slots=True)
class Stack:
    """Pages of one shape and type, and the directory of the first."""

    first: Directory
    pages: list[Page] = field(default_factory=list)


@dataclass(slots=True)
class TiffPages:
    """What the directories of a file hold.

    Attributes
    ----------
    copies
        Numbers of the pages that are smaller copies or masks.
    refused
        Pages that cannot be read, by their numbers.
    lost
        Tags whose values lie behind the end of the file, each with a page.
    """

    path: Path
    size: int
    is_big: bool
    order: ByteOrder
    stacks: list[Stack] = field(default_factory=list)
    copies: list[int] = field(default_factory=list)
    refused: dict[int, ReadRefusedError] = field(default_factory=dict)
    count: int = 0
    head: Directory | None = None
    has_more_inside: bool = False
    pages: dict[int, Page] = field(default_factory=dict)
    layouts: dict[Layout, Page] = field(default_factory=dict)
    spans: "array[int]" = field(default_factory=lambda: array("Q"))
    lost: dict[int, int] = field(default_factory=dict)
    pointers: set[int] = field(default_factory=set)

    @property
    def first(self) -> Directory:
        """The directory of the first page."""
        if self.head is None:
            raise refuse("tiff_directory_unreadable", f"{self.path.name} has no page.", UPLOAD_AGAIN)
        return self.head


@contextmanager
def open_bytes(path: Path) -> Iterator[TiffBytes]:
    """Open a file for its directories.

    Raises
    ------
    ReadRefusedError
        `tiff_directory_unreadable`, where it does not begin as a TIFF.
    """
    with path.open("rb") as handle:
        source = open_tiff_bytes(path, handle)
        if source is None:
            raise refuse("tiff_directory_unreadable", f"{path.name} does not begin as a TIFF.", UPLOAD_AGAIN)
        yield source


def read_pages(path: Path) -> TiffPages:
    """Return all pages of a file; a file of which no page can be read is refused with the reason of the first."""
    with open_bytes(path) as source:
        found = TiffPages(path, source.size, source.is_big, source.order)
        found.spans.extend((0, 16 if source.is_big else 8))
        keys: dict[Key, Stack] = {}
        for directory in walk_directories(source):
            _add(found, keys, directory)
    found.stacks = list(keys.values())
    if not found.stacks and found.refused:
        raise next(iter(found.refused.values()))
    if not found.stacks:
        raise refuse(
            "tiff_directory_unreadable", f"{path.name} holds only copies of a picture.", UPLOAD_AGAIN
        )
    total = sum(int(page.lengths.sum()) for stack in found.stacks for page in stack.pages)
    if total > found.size:
        raise refuse(
            "tiff_pages_overlap",
            f"The pages of {path.name} hold {total} bytes together; the file has {found.size}, so they share some.",
            UPLOAD_AGAIN,
        )
    return found


def _add(found: TiffPages, keys: dict[Key, Stack], directory: Directory) -> None:
    found.count += 1
    if found.head is None:
        found.head = directory
    _note_spans(found, directory)
    if is_copy(directory):
        found.copies.append(directory.number)
        found.has_more_inside = True
        return
    layout = _find_layout(directory)
    known = None if layout is None else found.layouts.get(layout)
    try:
        page = (
            read_page(directory, found.path, found.order, found.size)
            if known is None
            else move_page(known, directory, found.size)
        )
    except ReadRefusedError as error:
        if error.finding.severity == "error":
            raise
        found.refused[directory.number] = error
        found.has_more_inside = True
        return
    if layout is not None:
        found.layouts[layout] = page
    for start, length in zip(page.starts.tolist(), page.lengths.tolist(), strict=True):
        found.spans.extend((start, length))
    key = (page.array_shape, page.stored.str, page.is_color)
    keys.setdefault(key, Stack(directory)).pages.append(page)
    found.pages[directory.number] = page


def _find_layout(directory: Directory) -> Layout | None:
    """Return all that a page of one piece is known by but its place; None where it has more, or longer entries."""
    entries = directory.entries
    if Tag.TILE_AT in entries or Tag.STRIP_AT not in entries or entries[Tag.STRIP_AT].values != 1:
        return None
    found = [entries[code] for code in LAYOUT if code in entries]
    return (
        tuple((entry.code, entry.kind, entry.inline) for entry in found)
        if all(entry.inline for entry in found)
        else None
    )


def _note_spans(found: TiffPages, directory: Directory) -> None:
    """Remember which bytes the directory takes, and what its entries point at."""
    found.spans.extend((directory.at, directory.nbytes))
    for code, entry in directory.entries.items():
        if not entry.inline:
            if entry.at + entry.nbytes > found.size:
                found.lost[code] = directory.number
                continue
            found.spans.extend((entry.at, entry.nbytes))
        if code == Tag.SUB_DIRECTORIES:
            found.has_more_inside = True
        may_point = code >= _PRIVATE or code == Tag.SUB_DIRECTORIES
        is_short = entry.kind in _POINTERS and entry.values <= _MOST_POINTERS
        if may_point and is_short and entry.at + entry.nbytes <= found.size:
            found.pointers.update(int(value) for value in directory.numbers(code))


def tell_unaccounted(found: TiffPages, claimed: int = 0) -> list[Finding]:
    """Return warnings about bytes that no directory tells of: behind the end, or as many as a page between.

    Parameters
    ----------
    found
        The pages.
    claimed
        Byte up to which a program's own description accounts for the file.
    """
    spans = np.frombuffer(found.spans, np.uint64).reshape(-1, 2).astype(np.int64)
    order = np.argsort(spans[:, 0], kind="stable")
    starts, ends = spans[order, 0], spans[order].sum(axis=1)
    reached = np.maximum.accumulate(np.maximum(ends, claimed or 0))
    end = int(reached[-1])
    name, told = found.path.name, []
    if found.lost:
        lost = ", ".join(f"{code} of page {number}" for code, number in sorted(found.lost.items())[:8])
        message = f"{name} says more than it holds: the values of tag {lost} lie behind its end."
        told.append(
            warn(
                "file_truncated",
                message,
                "Readers get its pages, which are whole. Compare the file with the original.",
            )
        )
    if (
        found.size > end
        and not _is_padding(found, end)
        and not _is_pointed_at(found, end - _PADDING, found.size)
    ):
        told.append(
            warn(
                "bytes_left_over",
                f"{name} has {found.size - end} bytes more than its pages tell of, after them.",
                "Readers get what its pages tell of. Check that nothing was appended, and that no page is missing.",
            )
        )
    gaps = starts[1:] - np.maximum.accumulate(ends)[:-1]
    smallest = min(page.nbytes for stack in found.stacks for page in stack.pages)
    for index in np.flatnonzero(gaps >= max(smallest, _LEAST_GAP)):
        begin = int(np.maximum.accumulate(ends)[index])
        if (
            found.has_more_inside
            or begin < claimed
            or _is_pointed_at(found, begin - _PADDING, begin + int(gaps[index]))
        ):
            continue
        told.append(
            warn(
                "bytes_left_over",
                f"{name} has {int(gaps[index])} bytes from byte {begin} on that no page tells of: enough for a page.",
                "Readers may miss a page. Compare the number of pages with the original.",
            )
        )
        break
    return told


def _is_pointed_at(found: TiffPages, begin: int, end: int) -> bool:
    return any(begin <= pointer < end for pointer in found.pointers)


def _is_padding(found: TiffPages, end: int) -> bool:
    """Whether the few bytes at the end are what programs leave there: nothing, or the resolution once more."""
    if found.size - end > _PADDING:
        return False
    with found.path.open("rb") as handle:
        handle.seek(end)
        left = handle.read(_PADDING)
    return not any(left) or left == found.first.raw(Tag.X_RESOLUTION) + found.first.raw(Tag.Y_RESOLUTION)
