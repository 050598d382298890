"""TIFF: its first bytes, and which program wrote it."""

from ingest.formats.tiff.directory import MARKS, walk_directories
from ingest.formats.tiff.ome import parse_ome
from ingest.formats.tiff.page import Tag, read_page
from ingest.formats.tiff.pages import open_bytes
from ingest.formats.tiff.programs import ask_programs, name_device
from ingest.readers.contract import ReadRefusedError
from ingest.readers.parts import Recognized
from ingest.readers.uploaded_file import UploadedFile

SINGLE = "one page of"  # before what its page is, in the reason of a file that may be a frame of a run
_EER = {65000, 65001, 65002}
_MOST_NAMES = 100_000


def recognize_tiff(file: UploadedFile) -> Recognized | None:
    """Say whether the file is a TIFF, by which program, and what its page is where it has one."""
    if file.head[:4] not in MARKS:
        return None
    reason = f"bytes {file.head[:4].hex(' ')} at 0"
    try:
        return _look_inside(file, reason)
    except ReadRefusedError:  # opening says what is wrong with it
        return Recognized(reason)


def _look_inside(file: UploadedFile, reason: str) -> Recognized:
    with open_bytes(file.path) as source:
        pages = list(walk_directories(source, most=2))
        first = pages[0]
        if first.integer(Tag.COMPRESSION) in _EER:
            return Recognized(reason, label="EER, electron events of a camera")
        kind = "BigTIFF" if source.is_big else "TIFF"
        ome = parse_ome(first.text(Tag.DESCRIPTION), inside=file.name)
        if ome is not None:
            return Recognized(reason, label=f"OME-{kind}", refers_to=ome.named[:_MOST_NAMES])
        try:
            page = read_page(first, file.path, source.order, source.size)
        except ReadRefusedError:  # another page may be read
            return Recognized(reason, label=", ".join(filter(None, (kind, name_device(first)))))
    told = ask_programs(first, page)
    label = f"{kind}, {told.program}" if told.program else kind
    if len(pages) == 1 and not told.frames:
        shape = " × ".join(str(size) for size in page.array_shape)
        step = told.frame[1] if told.frame else None
        calibrated = f", {step.scale:.4g} {step.unit} a pixel" if step is not None and step.scale else ""
        reason = f"{reason}; {SINGLE} {shape} {page.stored.newbyteorder('=').name}{calibrated}"
    return Recognized(reason, label=label)
