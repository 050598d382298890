"""MATLAB writes its version into the first bytes, also before the HDF5 of version 7.3."""

from ingest.readers.parts import Recognized
from ingest.readers.uploaded_file import UploadedFile

VERSION_5 = b"MATLAB 5.0"
VERSION_7_3 = b"MATLAB 7.3"


def recognize_matlab(file: UploadedFile) -> Recognized | None:
    """Say whether the file begins as MATLAB's do."""
    if file.head.startswith(VERSION_5):
        return Recognized("bytes MATLAB 5.0 at 0")
    if file.head.startswith(VERSION_7_3) and file.is_hdf5:
        return Recognized("bytes MATLAB 7.3 at 0, before HDF5")
    return None
