"""Raw numbers have no mark: the name promises them, and only where nothing else claims the file."""

from ingest.readers.parts import Recognized
from ingest.readers.uploaded_file import UploadedFile

EXTENSIONS = frozenset({"raw", "bin", "dat"})


def recognize_raw(file: UploadedFile) -> Recognized | None:
    """Say whether the file may hold raw numbers: by its name alone, so every other claim is stronger."""
    if file.extension not in EXTENSIONS or file.text is not None or file.is_hdf5:
        return None
    return Recognized(f"extension .{file.extension}, no known signature", told_by="name")
