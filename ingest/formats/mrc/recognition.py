"""MRC: the mark at byte 208, else a header whose sizes give the size of the file; and what DE cameras add."""

from ingest.formats.mrc.coordinates import ENDING, is_coordinates
from ingest.formats.mrc.extended import BLOCK_BYTES
from ingest.formats.mrc.header import HEADER_BYTES, MARK, MARK_AT, MrcHeader, is_reference, parse_header
from ingest.readers.parts import Recognized
from ingest.readers.uploaded_file import UploadedFile

_DE_INFO = "Server Software Version"
_DE_TIME = "Timestamp (seconds since Epoch)"


def recognize_mrc(file: UploadedFile) -> Recognized | None:
    """Say whether the file is MRC, or describes some of a DE camera."""
    if file.text is not None:
        return _recognize_text(file, file.text)
    has_mark = file.head[MARK_AT : MARK_AT + len(MARK)] == MARK
    header = parse_header(file.head[:HEADER_BYTES])
    if has_mark:
        if header is not None and is_reference(header, file.size):
            return Recognized("bytes MAP at 208, sections not counted", label="MRC, reference of a DE camera")
        return Recognized("bytes MAP at 208", label=_name_program(header))
    if header is None or header.offset + header.shape[0] * header.section_bytes != file.size:
        return None
    return Recognized("header sizes give the file size", label="MRC without MAP mark", told_by="size")


def _name_program(header: MrcHeader | None) -> str:
    """Return what people call a file of the program that left its mark; empty where none did."""
    if header is None:
        return ""
    if header.extended_type in BLOCK_BYTES:
        return f"MRC of Thermo Fisher ({header.extended_type})"
    return "MRC of IMOD" if header.imod_flags is not None else ""


def _recognize_text(file: UploadedFile, text: str) -> Recognized | None:
    if text.startswith(_DE_INFO) and _DE_TIME in text:
        return Recognized("text of a DE server", role="companion", label="description by a DE camera")
    if file.name.casefold().endswith(ENDING) and is_coordinates(text):
        return Recognized(
            "its name, and pairs of whole numbers", role="companion", label="scan coordinates of a DE camera"
        )
    return None
