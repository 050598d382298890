"""Write the tables of formats in the documents from the formats' folders, or tell where a committed one differs."""

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from ingest.formats.registry import get_registry, list_formats
from tools.written_tables import CHECKOUT, replace_between, write_or_compare

if TYPE_CHECKING:
    from ingest.formats.declaration import Format
    from ingest.mapping.keys import HeaderKey, KeyTable

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
    tables.pop((), None)  # formats without a header of fields
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
    """Return a document with its table written anew."""
    return replace_between(text, BEGIN, END, render())


def main() -> int:
    for sentence in get_registry().set_aside:
        sys.stderr.write(f"{sentence}\n")
    renders = {**dict.fromkeys(DOCUMENTS, render_table), KEYS_DOCUMENT: render_keys}
    written = {
        name: replace_table((CHECKOUT / name).read_text(encoding="utf-8"), render)
        for name, render in renders.items()
    }
    return 0 if write_or_compare(written, "formats") and not get_registry().set_aside else 1


if __name__ == "__main__":
    sys.exit(main())
