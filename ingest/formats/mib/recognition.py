"""Merlin writes its mark before every frame, and another at the start of the hdr."""

from ingest.readers.parts import Recognized
from ingest.readers.uploaded_file import UploadedFile


def recognize_mib(file: UploadedFile) -> Recognized | None:
    """Say whether the file is Merlin data, or the hdr of some."""
    if file.head.startswith(b"MQ1,"):
        return Recognized("bytes MQ1, at 0")
    if file.head.startswith(b"HDR,"):
        return Recognized("bytes HDR, at 0", role="companion", label="Merlin HDR header")
    return None
