"""Write the tables of formats in the documents from the formats' folders, or tell where a committed one differs."""

import sys
from pathlib import Path

from ingest.formats.registry import get_registry, list_formats

CHECKOUT = Path(__file__).resolve().parents[1]
DOCUMENTS = ("README.md", "docs/guides/depositor.md")
BEGIN = "<!-- formats: written by `make formats` from ingest/formats -->"
END = "<!-- end of formats -->"


def render_table() -> str:
    """Return the table of all formats that are read, by title."""
    rows = sorted((form.title, form.files, form.becomes) for form in list_formats())
    lines = [f"| {title} | {files} | {becomes} |" for title, files, becomes in rows]
    return "\n".join(["| format | files | becomes |", "| --- | --- | --- |", *lines])


def replace_table(text: str) -> str:
    """Return a document with its table written anew.

    Raises
    ------
    ValueError
        The document has no place for one.
    """
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"no place for the table between {BEGIN} and {END}")
    return f"{before}{BEGIN}\n{render_table()}\n{END}{after}"


def main() -> int:
    for sentence in get_registry().set_aside:
        sys.stderr.write(f"{sentence}\n")
    outdated = []
    for name in DOCUMENTS:
        path = CHECKOUT / name
        committed = path.read_text(encoding="utf-8")
        written = replace_table(committed)
        if "--write" in sys.argv:
            path.write_text(written, encoding="utf-8")
        elif written != committed:
            outdated.append(name)
    if outdated:
        sys.stderr.write(
            f"{' and '.join(outdated)}: the table of formats is not current. Run `make formats`.\n"
        )
    return 1 if outdated or get_registry().set_aside else 0


if __name__ == "__main__":
    sys.exit(main())
