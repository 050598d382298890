"""StreamPix writes its mark before every sequence; Direct Electron adds records of the frames and settings."""

from ingest.formats.seq.described import is_config, is_records
from ingest.formats.seq.header import MARK
from ingest.readers.parts import Recognized
from ingest.readers.uploaded_file import UploadedFile


def recognize_seq(file: UploadedFile) -> Recognized | None:
    """Say whether the file is a sequence of StreamPix, or describes one."""
    if file.head.startswith(MARK):
        return Recognized("bytes ED FE 00 00 at 0")
    if is_records(file.head, file.size):
        return Recognized(
            "number and size of its records give the file size",
            role="companion",
            label="records of a StreamPix sequence",
        )
    if file.text is not None and is_config(file.text):
        return Recognized(
            "settings of a DE camera in xml", role="companion", label="settings of a DE camera for StreamPix"
        )
    return None
