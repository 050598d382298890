"""An EMPAD xml is told by its root; the raw file has no magic, so its name and size decide."""

import re

from ingest.formats.empad.header import find_named_shape
from ingest.formats.empad.reader import FRAME_BYTES
from ingest.readers.companions import base_of
from ingest.readers.parts import Recognized
from ingest.readers.uploaded_file import UploadedFile

_RAW_FILE = re.compile(r"<raw_file\b[^>]*\bfilename\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")
_ROOT = re.compile(r"<root[\s>]")
_NAMED_ROOT = re.compile(r"(<\?xml[^>]*>\s*)?<root\s+name=")


def recognize_empad(file: UploadedFile) -> Recognized | None:
    """Say whether the file is an EMPAD header, or raw data that may be of an EMPAD."""
    if file.text is not None:
        return _recognize_xml(file.text.lstrip())
    if file.extension != "raw":
        return None
    if find_named_shape(base_of(file.name)) is not None:
        return Recognized("name scan_x…_y…", role="companion", label="EMPAD raw data", told_by="size")
    if file.size % FRAME_BYTES:
        return None
    reason = (
        f"{file.size} bytes, frames of 130 × 128 × 4"  # any array may have that size: the xml has to name it
    )
    return Recognized(reason, role="companion", label="raw data", is_read=False, told_by="size")


def _recognize_xml(text: str) -> Recognized | None:
    if not text.startswith("<"):
        return None
    raw_file = _RAW_FILE.search(text)
    if raw_file and _ROOT.search(text):
        named = (raw_file[1] or raw_file[2] or "",)
        return Recognized("xml root with raw_file/@filename", label="EMPAD xml header", refers_to=named)
    if _NAMED_ROOT.match(text) and "<timestamp" in text:
        return Recognized("xml root, timestamp", label="EMPAD xml header")
    return None
