"""Write the tables of formats in the documents from the formats' folders, or tell where a committed one differs."""

import sys

from ingest.formats.registry import get_registry, list_formats
from tools.written_tables import CHECKOUT, replace_between, write_or_compare

DOCUMENTS = ("README.md", "docs/guides/depositor.md")
BEGIN = "<!-- formats: written by `make formats` from ingest/formats -->"
END = "<!-- end of formats -->"


def render_table() -> str:
    """Return the table of all formats that are read, by title."""
    rows = sorted((form.title, form.files, form.becomes) for form in list_formats())
    lines = [f"| {title} | {files} | {becomes} |" for title, files, becomes in rows]
    return "\n".join(["| format | files | becomes |", "| --- | --- | --- |", *lines])


def replace_table(text: str) -> str:
    """Return a document with its table of formats written anew."""
    return replace_between(text, BEGIN, END, render_table())


def main() -> int:
    for sentence in get_registry().set_aside:
        sys.stderr.write(f"{sentence}\n")
    written = {name: replace_table((CHECKOUT / name).read_text(encoding="utf-8")) for name in DOCUMENTS}
    return 0 if write_or_compare(written, "formats") and not get_registry().set_aside else 1


if __name__ == "__main__":
    sys.exit(main())
