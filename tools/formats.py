"""Write the tables of formats in the documents from the formats' folders, or tell where a committed one differs."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.formats.registry import get_registry, list_formats

if TYPE_CHECKING:
    from ingest.formats.declaration import Format
    from ingest.mapping.keys import HeaderKey, KeyTable

CHECKOUT = Path(__file__).resolve().parents[1]
DOCUMENTS = ("README.md", "docs/guides/depositor.md")
KEYS_DOCUMENT = "docs/guides/header-keys.md"
BEGIN = "<!-- formats: written by `make formats` from ingest/formats -->"
END = "<!-- end of formats -->"


def render_table() -> str:
    """Return the table of all formats that are read, by title."""
    rows = sorted((form.title, form.files, form.becomes) for form in list_formats())
    lines = [f"| {title} | {files} | {becomes} |" for title, files, becomes in rows]
    return "\n".join(["| format | files | becomes |", "| --- | --- | --- |", *lines])


def render_keys() -> str:
    """Return, for each table of keys, which key of a header wins for which field, and why."""
    tables: dict[KeyTable, list[Format]] = {}
    for form in list_formats():
        tables.setdefault(form.load_keys(), []).append(form)
    parts = []
    for table, forms in sorted(tables.items(), key=lambda item: item[1][0].title):
        titles = ", ".join(form.title for form in forms)
        rows = [_render_row(row) for row in table]
        parts.append("\n".join([f"## {titles}", "", _HEAD, "| --- | --- | --- | --- |", *rows]))
    return "\n\n".join(parts)


_HEAD = "| field | key | counts for | why |"


def _render_row(row: "HeaderKey") -> str:
    unit = f" ({row.unit})" if row.unit else ""
    key = ".".join(row.key).replace("|", "\\|")
    return f"| `{row.field}` | {key}{unit} | {', '.join(row.when)} | {row.why} |"


def replace_table(text: str, render: Callable[[], str] = render_table) -> str:
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
    return f"{before}{BEGIN}\n{render()}\n{END}{after}"


def main() -> int:
    for sentence in get_registry().set_aside:
        sys.stderr.write(f"{sentence}\n")
    outdated = []
    renders = {**dict.fromkeys(DOCUMENTS, render_table), KEYS_DOCUMENT: render_keys}
    for name, render in renders.items():
        path = CHECKOUT / name
        committed = path.read_text(encoding="utf-8")
        written = replace_table(committed, render)
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
