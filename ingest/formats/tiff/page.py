"""What a directory says of its picture: size, values, pieces; each checked, and each reason not to read it named."""

import math
from dataclasses import dataclass, replace
from enum import IntEnum
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ingest.formats.tiff.directory import ByteOrder, Directory
from ingest.readers.refusals import UPLOAD_AGAIN, decline, refuse, refuse_truncated


class Tag(IntEnum):
    """Tags of the standard, by their numbers."""

    SUBFILE = 254
    OLD_SUBFILE = 255
    WIDTH = 256
    LENGTH = 257
    BITS = 258
    COMPRESSION = 259
    PHOTOMETRIC = 262
    FILL_ORDER = 266
    DESCRIPTION = 270
    MAKE = 271
    MODEL = 272
    STRIP_AT = 273
    ORIENTATION = 274
    SAMPLES = 277
    ROWS_PER_STRIP = 278
    STRIP_BYTES = 279
    X_RESOLUTION = 282
    Y_RESOLUTION = 283
    PLANAR = 284
    RESOLUTION_UNIT = 296
    SOFTWARE = 305
    DATE_TIME = 306
    ARTIST = 315
    HOST = 316
    PREDICTOR = 317
    COLOR_MAP = 320
    TILE_WIDTH = 322
    TILE_LENGTH = 323
    TILE_AT = 324
    TILE_BYTES = 325
    SUB_DIRECTORIES = 330
    SAMPLE_FORMAT = 339


NONE, LZW, DEFLATE, OLD_DEFLATE, PACKBITS = 1, 5, 8, 32946, 32773
# how many bytes one byte of a compressed piece can become at most
READ_COMPRESSIONS = {NONE: 1, LZW: 2800, DEFLATE: 1100, OLD_DEFLATE: 1100, PACKBITS: 64}
PREDICTED = {LZW, DEFLATE, OLD_DEFLATE}
DIFFERENCES, FLOAT_BYTES = 2, 3  # predictors
_NOT_READ = {
    2: "CCITT fax", 3: "CCITT fax", 4: "CCITT fax", 6: "old JPEG", 7: "JPEG", 9: "JBIG", 10: "JBIG",
    32809: "ThunderScan", 33003: "JPEG 2000", 33004: "JPEG 2000", 33005: "JPEG 2000", 34661: "JBIG",
    34676: "SGI LogLuv", 34677: "SGI LogLuv", 34712: "JPEG 2000", 34887: "LERC", 34892: "lossy JPEG", 34925: "LZMA",
    34926: "Zstandard", 34927: "WebP", 50000: "Zstandard", 50001: "WebP", 50002: "JPEG XL", 65000: "EER events",
    65001: "EER events", 65002: "EER events",
}  # fmt: skip
WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, PALETTE, MASK = 0, 1, 2, 3, 4
_PHOTOMETRICS = {5: "inks (CMYK)", 6: "brightness and color differences (YCbCr)", 8: "CIE L*a*b* colors"}
_PHOTOMETRICS |= {32803: "a color filter array of a camera", 34892: "a raw picture of a camera"}
_UNSIGNED, _SIGNED, _FLOAT, _VOID, _COMPLEX_INT, _COMPLEX = 1, 2, 3, 4, 5, 6
_PLAIN = {
    (_UNSIGNED, 8): "u1", (_UNSIGNED, 16): "u2", (_UNSIGNED, 32): "u4", (_UNSIGNED, 64): "u8",
    (_SIGNED, 8): "i1", (_SIGNED, 16): "i2", (_SIGNED, 32): "i4", (_SIGNED, 64): "i8",
    (_FLOAT, 16): "f2", (_FLOAT, 32): "f4", (_FLOAT, 64): "f8", (_COMPLEX, 64): "c8", (_COMPLEX, 128): "c16",
}  # fmt: skip
_LARGEST_SIDE = 2**24
_MOST_SAMPLES = 4096
_MOST_PIECE_BYTES = 2**28
_REDUCED, _TRANSPARENCY = 1, 4
_WIDE = 8


@dataclass(frozen=True, slots=True)
class Page:
    """One picture of a file; `starts` and `lengths` are those of its pieces, row by row, plane after plane.

    Attributes
    ----------
    shape
        (rows, columns).
    samples
        Values of one pixel; `is_planar` says that each of them has pieces of its own.
    piece
        (rows, columns) of a strip or tile.
    bits
        Of one value in the file; fewer than 8, or 12, are packed.
    stored
        Type of the values in the file; of packed ones what they are unpacked into.
    excess
        Bytes of the only piece behind the values that the page tells of.
    """

    path: Path
    number: int
    order: ByteOrder
    shape: tuple[int, int]
    samples: int
    is_planar: bool
    piece: tuple[int, int]
    is_tiled: bool
    bits: int
    stored: np.dtype[np.generic]
    compression: int
    predictor: int
    photometric: int
    starts: npt.NDArray[np.uint64]
    lengths: npt.NDArray[np.uint64]
    excess: int = 0

    @property
    def planes(self) -> int:
        """How many times the pieces cover the picture."""
        return self.samples if self.is_planar else 1

    @property
    def piece_samples(self) -> int:
        """Values of one pixel in one piece."""
        return 1 if self.is_planar else self.samples

    @property
    def grid(self) -> tuple[int, int]:
        """How many pieces lie below and beside each other."""
        return -(-self.shape[0] // self.piece[0]), -(-self.shape[1] // self.piece[1])

    @property
    def is_packed(self) -> bool:
        """Whether values do not end on whole bytes."""
        return self.bits % _WIDE != 0

    @property
    def is_plain(self) -> bool:
        """Whether the values stand in the file as in an array, without a gap."""
        is_whole = (
            self.compression == NONE and not self.is_packed and not self.is_tiled and len(self.starts) == 1
        )
        return is_whole and not self.is_planar

    @property
    def row_bytes(self) -> int:
        """Bytes of one row of a piece."""
        return -(-self.piece[1] * self.piece_samples * self.bits // _WIDE)

    @property
    def is_color(self) -> bool:
        """Whether the values are colors, and no numbers that something measured."""
        return self.photometric == RGB and self.samples >= 3  # noqa: PLR2004 - red, green and blue

    @property
    def array_shape(self) -> tuple[int, ...]:
        """Shape of the values."""
        return (*self.shape, self.samples) if self.samples > 1 else self.shape

    @property
    def nbytes(self) -> int:
        """Bytes of the values in memory."""
        return math.prod(self.array_shape) * self.stored.itemsize

    def piece_rows(self, row: int) -> int:
        """Return how many rows a piece in a row of the grid holds in the file: the last strip may be shorter."""
        return self.piece[0] if self.is_tiled else min(self.piece[0], self.shape[0] - row * self.piece[0])


# Tags that say what a page is, but for the place of its pieces.
LAYOUT = (
    Tag.WIDTH, Tag.LENGTH, Tag.BITS, Tag.COMPRESSION, Tag.PHOTOMETRIC, Tag.FILL_ORDER, Tag.SAMPLES, Tag.ROWS_PER_STRIP,
    Tag.STRIP_BYTES, Tag.PLANAR, Tag.PREDICTOR, Tag.SAMPLE_FORMAT,
)  # fmt: skip


def move_page(page: Page, directory: Directory, size: int) -> Page:
    """Return a page of one piece that is laid out as another one, at its own place."""
    start = directory.integer(Tag.STRIP_AT)
    end = start + int(page.lengths[0])
    if end > size:
        what = f"Page {directory.number} of {page.path.name}"
        raise refuse_truncated(page.path, expected=end, actual=size, what=what)
    return replace(page, number=directory.number, starts=np.array([start], np.uint64))


def is_copy(directory: Directory) -> bool:
    """Whether a page is a smaller copy of another, such as a level of a pyramid, or a mask."""
    flags = directory.integer(Tag.SUBFILE)
    return bool(flags & (_REDUCED | _TRANSPARENCY)) or directory.integer(Tag.OLD_SUBFILE) == 2  # noqa: PLR2004


def read_page(directory: Directory, path: Path, order: ByteOrder, size: int) -> Page:
    """Return the picture of a directory, its pieces compared with the size of the file.

    Raises
    ------
    ReadRefusedError
        With the reason why the picture is damaged, or is not read.
    """
    name = f"Page {directory.number} of {path.name}"
    rows, columns = directory.integer(Tag.LENGTH), directory.integer(Tag.WIDTH)
    samples = directory.integer(Tag.SAMPLES, 1)
    if not (0 < rows <= _LARGEST_SIDE and 0 < columns <= _LARGEST_SIDE and 0 < samples <= _MOST_SAMPLES):
        raise refuse(
            "tiff_page_unreadable",
            f"{name} claims {rows} × {columns} pixels of {samples} values.",
            UPLOAD_AGAIN,
        )
    bits, stored = _read_type(directory, order, name, samples)
    compression = directory.integer(Tag.COMPRESSION, NONE)
    photometric = directory.integer(Tag.PHOTOMETRIC, BLACK_IS_ZERO)
    _check_readable(directory, name, compression, photometric, stored if bits % _WIDE == 0 else None)
    is_tiled = Tag.TILE_AT in directory
    piece = _read_piece(directory, name, (rows, columns), is_tiled=is_tiled)
    page = Page(
        path=path,
        number=directory.number,
        order=order,
        shape=(rows, columns),
        samples=samples,
        is_planar=samples > 1 and directory.integer(Tag.PLANAR, 1) == 2,  # noqa: PLR2004 - apart
        piece=piece,
        is_tiled=is_tiled,
        bits=bits,
        stored=stored,
        compression=compression,
        predictor=directory.integer(Tag.PREDICTOR, 1),
        photometric=photometric,
        starts=np.empty(0, np.uint64),
        lengths=np.empty(0, np.uint64),
    )
    starts, lengths = _read_pieces(directory, page, name, size)
    return _join(page, starts, lengths)


def _read_type(
    directory: Directory, order: ByteOrder, name: str, samples: int
) -> tuple[int, np.dtype[np.generic]]:
    given = {int(bits) for bits in directory.numbers(Tag.BITS, most=_MOST_SAMPLES)} or {1}
    formats = {int(form) for form in directory.numbers(Tag.SAMPLE_FORMAT, most=_MOST_SAMPLES)} or {_UNSIGNED}
    if len(given) > 1 or len(formats) > 1:
        raise decline(
            "tiff_values_not_read",
            f"{name} holds {samples} values a pixel, which differ in type.",
            _SAVE_PLAIN,
        )
    bits, form = given.pop(), formats.pop()
    form = _UNSIGNED if form == _VOID else form
    if (form, bits) in _PLAIN:
        return bits, np.dtype(_PLAIN[form, bits]).newbyteorder(order)
    if form == _UNSIGNED and bits in {1, 2, 4, 6, 10, 12, 14}:
        return bits, np.dtype(np.uint8 if bits < _WIDE else np.uint16)
    what = {_SIGNED: "signed", _FLOAT: "floating point", _COMPLEX_INT: "complex whole", _COMPLEX: "complex"}
    raise decline(
        "tiff_values_not_read",
        f"{name} holds {what.get(form, 'unsigned')} numbers of {bits} bits.",
        _SAVE_PLAIN,
    )


_SAVE_PLAIN = (
    "Save it without compression, as whole numbers or 32-bit floating point numbers, and upload that as well."
)


def _check_readable(
    directory: Directory, name: str, compression: int, photometric: int, whole: np.dtype[np.generic] | None
) -> None:
    """Refuse what is not read by its name; `whole` is the type of values that are not packed."""
    if compression not in READ_COMPRESSIONS:
        what = _NOT_READ.get(compression)
        said = f"with {what}" if what else "in a way that is not known"
        message = f"{name} is compressed {said} (number {compression}), which is not read."
        raise decline("tiff_compression_not_read", message, _SAVE_PLAIN)
    if photometric in _PHOTOMETRICS:
        message = f"{name} holds {_PHOTOMETRICS[photometric]}, not measured values."
        raise decline("color_image_not_read", message, "Upload the measured values as well.")
    if directory.integer(Tag.FILL_ORDER, 1) != 1:
        raise decline(
            "tiff_values_not_read", f"{name} fills its bytes from the lowest bit (FillOrder 2).", _SAVE_PLAIN
        )
    predictor = directory.integer(Tag.PREDICTOR, 1)
    kinds = {DIFFERENCES: "iuf", FLOAT_BYTES: "f"}.get(predictor, "")
    if predictor != 1 and (whole is None or whole.kind not in kinds or compression not in PREDICTED):
        message = f"{name} stores differences of values in a way that is not known (predictor {predictor})."
        raise decline("tiff_compression_not_read", message, _SAVE_PLAIN)


def _read_piece(
    directory: Directory, name: str, shape: tuple[int, int], *, is_tiled: bool
) -> tuple[int, int]:
    if not is_tiled:
        rows = directory.integer(Tag.ROWS_PER_STRIP, shape[0])
        piece = (min(rows, shape[0]), shape[1])
    else:
        piece = (directory.integer(Tag.TILE_LENGTH), directory.integer(Tag.TILE_WIDTH))
    if min(piece) < 1 or max(piece) > _LARGEST_SIDE:
        raise refuse(
            "tiff_page_unreadable", f"{name} claims pieces of {piece[0]} × {piece[1]} pixels.", UPLOAD_AGAIN
        )
    return piece


def _read_pieces(
    directory: Directory, page: Page, name: str, size: int
) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint64]]:
    """Return where the pieces are and how long; as many as the picture needs, all within the file."""
    at, long = (Tag.TILE_AT, Tag.TILE_BYTES) if page.is_tiled else (Tag.STRIP_AT, Tag.STRIP_BYTES)
    wanted = math.prod(page.grid) * page.planes
    counted = directory.entries[at].values if at in directory else 0
    if counted != wanted:
        raise refuse(
            "tiff_page_unreadable",
            f"{name} needs {wanted} pieces for {page.shape[0]} × {page.shape[1]} pixels and lists {counted}.",
            UPLOAD_AGAIN,
        )
    starts = directory.numbers(at).astype(np.uint64)
    full = page.piece[0] * page.row_bytes
    needed = _expect_lengths(page)
    if long in directory:
        lengths = directory.numbers(long).astype(np.uint64)
    elif page.compression == NONE:
        lengths = needed
    else:
        raise refuse(
            "tiff_page_unreadable", f"{name} does not say how long its compressed pieces are.", UPLOAD_AGAIN
        )
    if len(lengths) != wanted:
        raise refuse(
            "tiff_page_unreadable", f"{name} has {wanted} pieces and {len(lengths)} lengths.", UPLOAD_AGAIN
        )
    _check_lengths(page, name, lengths, needed, full)
    parts = int(starts.max()), int(lengths.max())
    furthest = max(*parts, int((starts + lengths).max()) if max(parts) <= size else 0)
    if furthest > size:
        raise refuse_truncated(page.path, expected=furthest, actual=size, what=name)
    return starts, lengths


def _expect_lengths(page: Page) -> npt.NDArray[np.uint64]:
    """Return how many bytes the pieces have once they are unpacked."""
    down, across = page.grid
    rows = np.array([page.piece_rows(row) for row in range(down)], np.uint64) * np.uint64(page.row_bytes)
    return np.tile(np.repeat(rows, across), page.planes)


def _check_lengths(
    page: Page, name: str, lengths: npt.NDArray[np.uint64], needed: npt.NDArray[np.uint64], full: int
) -> None:
    if page.compression != NONE and full > _MOST_PIECE_BYTES:
        raise decline("tiff_piece_too_large", f"{name} is compressed in pieces of {full} bytes.", _SAVE_PLAIN)
    most = lengths.astype(np.float64) * READ_COMPRESSIONS[page.compression] + (page.compression != NONE)
    short = np.flatnonzero(most < needed)
    if len(short):
        index = int(short[0])
        what = f"piece {index + 1} of page {page.number} has {int(lengths[index])} bytes for {int(needed[index])}"
        raise refuse("file_truncated", f"{page.path.name} is cut short or damaged: {what}.", UPLOAD_AGAIN)


def _join(page: Page, starts: npt.NDArray[np.uint64], lengths: npt.NDArray[np.uint64]) -> Page:
    """Return the page with its pieces; strips that follow each other without compression are one."""
    values = {name: getattr(page, name) for name in page.__slots__} | {"starts": starts, "lengths": lengths}
    needed = _expect_lengths(page)
    if page.compression == NONE and len(lengths) == 1:
        values["excess"] = int(lengths[0]) - int(needed[0])
    is_strip = page.compression == NONE and not page.is_tiled and not page.is_planar
    if is_strip and np.array_equal(starts[1:], starts[:-1] + needed[:-1]):
        total = lengths[-1:] + starts[-1:] - starts[:1]
        values |= {"piece": page.shape, "starts": starts[:1].copy(), "lengths": total}
    return Page(**values)
