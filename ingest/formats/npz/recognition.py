"""An npz is a ZIP of nothing but npy; other programs that save arrays so have members of their own beside them."""

from ingest.readers.parts import Recognized
from ingest.readers.uploaded_file import UploadedFile

_OF_PANTA_RHEI = "meta_data.npy"


def recognize_npz(file: UploadedFile) -> Recognized | None:
    """Say whether the file is a ZIP of npy alone."""
    names = file.zip_names
    if not names or not all(name.endswith(".npy") for name in names) or _OF_PANTA_RHEI in names:
        return None
    return Recognized("ZIP of npy arrays")
