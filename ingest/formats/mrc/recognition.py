"""MRC: the mark at byte 208, else a header whose sizes give the size of the file; and the text that DE cameras add."""

from ingest.formats.mrc.header import HEADER_BYTES, MARK, MARK_AT, MrcHeader, parse_header
from ingest.readers.parts import Recognized
from ingest.readers.uploaded_file import UploadedFile

_DE_INFO = "Server Software Version"
_DE_TIME = "Timestamp (seconds since Epoch)"
_UNCOUNTED = (
    32766  # sections that Direct Electron's server writes into the header of a dark or gain reference
)


def recognize_mrc(file: UploadedFile) -> Recognized | None:
    """Say whether the file is MRC, or the description of some by a DE camera."""
    if file.text is not None and file.text.startswith(_DE_INFO) and _DE_TIME in file.text:
        return Recognized("text of a DE server", role="companion", label="description by a DE camera")
    has_mark = file.head[MARK_AT : MARK_AT + len(MARK)] == MARK
    header = parse_header(file.head[:HEADER_BYTES])
    if has_mark:
        if header is not None and _is_reference(header, file.size):
            return Recognized("sections not counted", label="MRC, reference of a DE camera", is_read=False)
        return Recognized("bytes MAP at 208")
    if header is None or header.offset + header.shape[0] * header.section_bytes != file.size:
        return None
    return Recognized("header sizes give the file size", label="MRC without MAP mark", told_by="size")


def _is_reference(header: MrcHeader, size: int) -> bool:
    sections, rest = divmod(size - header.offset, header.section_bytes)
    return header.shape[0] == _UNCOUNTED and 0 < sections < _UNCOUNTED and rest == 0
