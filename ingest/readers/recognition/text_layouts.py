"""Text files: xml headers, web pages, spectra and notes, told apart by how they begin."""

import re

from ingest.readers.companions import base_of
from ingest.readers.contract import FormatMatch

_HTML = re.compile(r"<!doctype\s+html|<html[\s>]|<head[\s>]|<body[\s>]", re.IGNORECASE)
_RAW_FILE = re.compile(r"<raw_file\b[^>]*\bfilename\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")
_JSON = re.compile(r"[\[{]\s*[\"\[{\]}\d-]")
_MIN_PRINTABLE = 0.95

# (how the text begins, format, label)
_BEGINNINGS = (
    ("#FORMAT", "msa", "EMSA/MSA spectrum"),
    ("%PDF", "pdf", "PDF document"),
    ("{\\rtf", "rtf", "rich text"),
)


def decode_text(head: bytes) -> str | None:
    """Return `head` as text, or None when it is binary."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return head.decode("utf-16", "ignore")
    if b"\0" in head:
        return None
    text = head.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace")
    printable = sum(c.isprintable() or c.isspace() for c in text if c != "\ufffd")
    return text if printable >= _MIN_PRINTABLE * max(len(text), 1) else None


def match_text(text: str, name: str) -> FormatMatch:
    """Return what a text file is; plain text when nothing else is known of it."""
    start = text.lstrip()
    if _HTML.match(start) or (start.startswith("<!--") and _HTML.search(start)):
        return _other("html", "HTML page, text", "text that begins as HTML")
    if start.startswith("<"):
        return _match_xml(start)
    for beginning, identifier, label in _BEGINNINGS:
        if start.upper().startswith(beginning.upper()):
            return FormatMatch(identifier, label, readable=False, role="primary", reason=f"text {beginning}")
    if _JSON.match(start):
        if base_of(name) in {".zgroup", ".zattrs", ".zarray", ".zmetadata", "zarr.json"}:
            return _other("zarr", "part of a Zarr store", f"name {base_of(name)} with JSON")
        return _other("json", "JSON text", "text that begins as JSON")
    return _other("text", "text", "printable text")


def _match_xml(text: str) -> FormatMatch:
    raw_file = _RAW_FILE.search(text)
    if re.search(r"<root[\s>]", text) and raw_file:
        return FormatMatch(
            "empad",
            "EMPAD xml header",
            readable=True,
            role="primary",
            reason="xml root with raw_file/@filename",
            refers_to=(raw_file[1] or raw_file[2] or "",),
        )
    if re.match(r"(<\?xml[^>]*>\s*)?<root\s+name=", text) and "<timestamp" in text:
        return FormatMatch(
            "empad", "EMPAD xml header", readable=True, role="primary", reason="xml root, timestamp"
        )
    return _other("xml", "xml text", "text that begins as xml")


def _other(identifier: str, label: str, reason: str) -> FormatMatch:
    return FormatMatch(identifier, label, readable=False, role="other", reason=reason)
