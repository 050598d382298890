"""TIA's two files have marks of their own."""

from ingest.readers.parts import Recognized
from ingest.readers.uploaded_file import UploadedFile

SER_MARK, EMI_MARK = b"\x49\x49\x97\x01", b"\x4a\x4b\x00\x02"


def recognize_tia(file: UploadedFile) -> Recognized | None:
    """Say whether the file is a series of TIA, or the description of some."""
    if file.head.startswith(SER_MARK):
        return Recognized("bytes 49 49 97 01 at 0", label="TIA series")
    if file.head.startswith(EMI_MARK):
        return Recognized("bytes 4a 4b 00 02 at 0", role="companion", label="TIA description")
    return None
