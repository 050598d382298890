"""What a file is, by its content; the extension only breaks ties among formats without a signature."""

from pathlib import Path

from ingest.readers.contract import FormatMatch
from ingest.readers.hdf5.superblock import find_superblock
from ingest.readers.recognition.binary_layouts import (
    match_dm,
    match_empad_raw,
    match_extension,
    match_mrc,
    match_tvips,
    match_zip,
)
from ingest.readers.recognition.hdf5_layouts import match_hdf5
from ingest.readers.recognition.signatures import match_signature
from ingest.readers.recognition.text_layouts import decode_text, match_text
from repository.schema.file_names import is_unfinished
from repository.schema.findings import Finding

HEAD_BYTES = 8192
_READABLE_EXTENSIONS = {"dm3", "dm4", "mib", "hspy", "emd", "blo"}
# A file of these that is empty is a file of data that went lost; any other, such as notes.txt, blocks nobody.
_DATA_EXTENSIONS = _READABLE_EXTENSIONS | {
    "raw",
    "hdr",
    "xml",
    "h5",
    "hdf5",
    "ser",
    "emi",
    "bcf",
    "mrc",
    "tif",
    "tiff",
}
# Vendors' text without a mark of its own; the extension says more than "text".
_TEXT_EXTENSIONS = {"asw", "spc", "ipr", "eds", "dens", "rpl"}


def recognize(path: Path, name: str) -> FormatMatch:
    """Return what the file is.

    Parameters
    ----------
    path
        The bytes.
    name
        The relative path in the upload. Its extension is used where content cannot tell, and where it says that the
        file is not whole yet.

    Returns
    -------
    FormatMatch
        With a finding where the file is empty, damaged, or not what its extension promises.
    """
    size = path.stat().st_size
    if is_unfinished(name):
        return _match_unfinished(name, size)
    if size == 0:
        return _match_empty(name)
    with path.open("rb") as handle:
        head = handle.read(HEAD_BYTES)
    match = _match_content(path, name, head, size)
    return _with_promise(match, name)


def _match_content(path: Path, name: str, head: bytes, size: int) -> FormatMatch:
    if find_superblock(path) is not None:
        return match_hdf5(path, name)
    if head[:4] in {b"PK\x03\x04", b"PK\x05\x06"}:
        return match_zip(path)
    match = match_signature(head) or match_dm(head, size) or match_mrc(head, size) or match_tvips(head, name)
    if match is not None:
        return match
    text = decode_text(head)
    if text is not None:
        by_extension = match_extension(name)
        if by_extension is not None and name.rpartition(".")[2].lower() in _TEXT_EXTENSIONS:
            return by_extension
        return match_text(text, name)
    match = match_empad_raw(name, size) or match_extension(name)
    return match or FormatMatch(None, "unknown", readable=False, role="other", reason="no known signature")


def _match_unfinished(name: str, size: int) -> FormatMatch:
    """Say that a file is the rest of a transfer; what is in it is not read, however much of it there is."""
    finding = Finding(
        "warning",
        "download_unfinished",
        f"{name} ({size} bytes) looks like an unfinished download or a program's temporary file.",
        hint="It is stored, not read. Remove it, upload the whole file under its own name, or acknowledge this to "
        "publish it as it is.",
        layer="file",
    )
    return FormatMatch(
        None, "unfinished download", readable=False, role="other", reason="its name", findings=(finding,)
    )


def _match_empty(name: str) -> FormatMatch:
    is_data = name.rpartition(".")[2].lower() in _DATA_EXTENSIONS
    finding = Finding(
        "warning" if is_data else "info",
        "file_empty",
        f"{name} has no bytes.",
        hint="Upload it again from the original, remove it from the deposit, or acknowledge this."
        if is_data
        else "It is kept and published as it is; remove it if nothing was to be in it.",
        layer="file",
    )
    return FormatMatch(
        None, "empty file", readable=False, role="other", reason="0 bytes", findings=(finding,)
    )


def _with_promise(match: FormatMatch, name: str) -> FormatMatch:
    """Add a finding where the extension promises a format that Stemma reads and the content is none."""
    extension = name.rpartition(".")[2].lower()
    if (
        match.readable
        or extension not in _READABLE_EXTENSIONS
        or match.findings
        or match.format == "velox_emd"
    ):
        return match
    finding = Finding(
        "warning",
        "content_is_not_extension",
        f"{name} is named .{extension} but its content is: {match.label}.",
        hint="Often a web page saved in place of the download. It is stored, not read. Upload the original.",
        layer="file",
    )
    return FormatMatch(
        match.format, match.label, match.readable, match.role, match.reason, match.refers_to, (finding,)
    )
