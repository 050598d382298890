"""An EMSA/MAS file says so in its first line."""

import re

from ingest.readers.parts import Recognized
from ingest.readers.uploaded_file import UploadedFile

_FIRST_LINE = re.compile(r"\s*#FORMAT\s*:\s*EMSA", re.IGNORECASE)


def recognize_msa(file: UploadedFile) -> Recognized | None:
    """Say whether the file is a spectrum in the exchange format of EMSA and MAS."""
    text = file.text
    if text is None or not _FIRST_LINE.match(text):
        return None
    return Recognized("text #FORMAT : EMSA in the first line")
