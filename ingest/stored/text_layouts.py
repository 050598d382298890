"""Text files that are known and not read: web pages, spectra and notes, told apart by how they begin."""

import re

from ingest.readers.companions import base_of
from ingest.readers.contract import FormatMatch

_HTML = re.compile(r"<!doctype\s+html|<html[\s>]|<head[\s>]|<body[\s>]", re.IGNORECASE)
_JSON = re.compile(r"[\[{]\s*[\"\[{\]}\d-]")

# (how the text begins, format, label)
_BEGINNINGS = (
    ("%PDF", "pdf", "PDF document"),
    ("{\\rtf", "rtf", "rich text"),
)


def match_text(text: str, name: str) -> FormatMatch:
    """Return what a text file is; plain text when nothing else is known of it."""
    start = text.lstrip()
    if _HTML.match(start) or (start.startswith("<!--") and _HTML.search(start)):
        return _other("html", "HTML page, text", "text that begins as HTML")
    if start.startswith("<"):
        return _other("xml", "xml text", "text that begins as xml")
    for beginning, identifier, label in _BEGINNINGS:
        if start.upper().startswith(beginning.upper()):
            return FormatMatch(identifier, label, readable=False, role="primary", reason=f"text {beginning}")
    if _JSON.match(start):
        if base_of(name) in {".zgroup", ".zattrs", ".zarray", ".zmetadata", "zarr.json"}:
            return _other("zarr", "part of a Zarr store", f"name {base_of(name)} with JSON")
        return _other("json", "JSON text", "text that begins as JSON")
    return _other("text", "text", "printable text")


def _other(identifier: str, label: str, reason: str) -> FormatMatch:
    return FormatMatch(identifier, label, readable=False, role="other", reason=reason)
