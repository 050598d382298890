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
from repository.schema.findings import Finding

HEAD_BYTES = 8192
_READABLE_EXTENSIONS = {"dm3", "dm4", "mib", "hspy", "emd", "blo"}
# Vendors' text without a mark of its own; the extension says more than "text".
_TEXT_EXTENSIONS = {"asw", "spc", "ipr", "eds", "dens", "rpl"}


def recognize(path: Path, name: str) -> FormatMatch:
    """Return what the file is.

    Parameters
    ----------
    path
        The bytes.
    name
        The relative path in the upload; only its extension is used, and only where content cannot tell.

    Returns
    -------
    FormatMatch
        With a finding where the file is empty, damaged, or not what its extension promises.
    """
    size = path.stat().st_size
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


def _match_empty(name: str) -> FormatMatch:
    finding = Finding(
        "error",
        "file_empty",
        f"{name} has no bytes.",
        hint="Upload it again from the original, or remove it from the deposit.",
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
