"""What a file is that no format claims: stored, not read, but called by its name."""

from ingest.readers.contract import FormatMatch
from ingest.readers.parts import ToldBy
from ingest.readers.uploaded_file import UploadedFile
from ingest.stored.binary_layouts import match_extension, match_tvips, match_zip
from ingest.stored.hdf5_layouts import NO_LAYOUT, match_layout
from ingest.stored.signatures import match_signature
from ingest.stored.text_layouts import match_text

# Vendors' text without a mark of its own; the extension says more than "text".
_TEXT_EXTENSIONS = {"asw", "spc", "ipr", "eds", "dens", "rpl"}
# A file of these that is empty is a file of data that went lost, though none of them is read.
DATA_EXTENSIONS = frozenset({"bcf", "h5", "hdf5"})
_UNKNOWN = FormatMatch(None, "unknown", readable=False, role="other", reason="no known signature")


def recognize_stored(file: UploadedFile) -> tuple[FormatMatch, ToldBy]:
    """Return what the file is called, and by what that was told."""
    match = _match_content(file)
    if match is not None:
        return match, "name" if match.reason == NO_LAYOUT else "content"
    return match_extension(file.name) or _UNKNOWN, "name"


def _match_content(file: UploadedFile) -> FormatMatch | None:
    if file.is_hdf5:
        return file.ask_hdf5(match_layout) or _damaged(file)
    if file.head[:4] in {b"PK\x03\x04", b"PK\x05\x06"}:
        return match_zip(file.zip_names)
    match = match_signature(file.head) or match_tvips(file.head, file.name)
    if match is not None or file.text is None:
        return match
    by_extension = match_extension(file.name) if file.extension in _TEXT_EXTENSIONS else None
    return by_extension or match_text(file.text, file.name)


def _damaged(file: UploadedFile) -> FormatMatch:
    findings = () if file.hdf5_damage is None else (file.hdf5_damage,)
    reason = "HDF5 signature; the content cannot be walked"
    return FormatMatch(
        "hdf5", "HDF5, damaged", readable=False, role="primary", reason=reason, findings=findings
    )
