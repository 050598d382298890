"""Write the tables of formats in the documents from the formats' folders, or tell where a committed one differs."""

import csv
import re
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ingest.formats.registry import get_registry, list_formats
from tools.written_tables import CHECKOUT, replace_between, write_or_compare

if TYPE_CHECKING:
    from ingest.formats.declaration import Format
    from ingest.mapping.keys import HeaderKey, KeyTable

DOCUMENTS = ("README.md", "docs/guides/depositor.md")
KEYS_DOCUMENT = "docs/guides/header-keys.md"
EXAMPLE_DOCUMENT = "docs/guides/add-a-format.md"
EXACTNESS_DOCUMENT = "docs/guides/formats.md"
REAL_FILES, SIZES = "tests/real_files.csv", "tests/sizes_tried.csv"
"""What the tests found of every real file, and how large a file of each format was converted."""
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


@dataclass(frozen=True, slots=True)
class _Tried:
    """What tests found of the real files of one format."""

    rows: Sequence[Mapping[str, str]]

    def count(self, *outcomes: str) -> int:
        return sum(row["outcome"] in outcomes for row in self.rows)

    @property
    def files(self) -> str:
        """How many measurements there are, and how many of them ask or are refused."""
        if not self.rows:
            return "no real file seen"
        asked, refused = self.count("asks"), self.count("refused")
        parts = [f"{asked} asked" if asked else "", f"{refused} refused" if refused else ""]
        more = ", ".join(part for part in parts if part)
        return f"{len(self.rows)}{f' ({more})' if more else ''}"

    @property
    def compared(self) -> str:
        """Which libraries read how many of them alike."""
        libraries = Counter(name for row in self.rows for name in row["library"].split(" and ") if name)
        equal = sum(bool(row["library"]) and "differs" not in row["verdict"] for row in self.rows)
        in_part = sum("equal" in row["verdict"] and "differs" in row["verdict"] for row in self.rows)
        named = ", ".join(library for library, _ in libraries.most_common())
        more = f", {in_part} in part" if in_part else ""
        return f"{equal} of {self.count('opened', 'asks')} equal{more}: {named}" if named else ""

    @property
    def n_fields(self) -> str:
        """The fewest and the most fields that a header fills."""
        counts = sorted(int(row["n_fields"]) for row in self.rows if row["n_fields"])
        return "–".join(dict.fromkeys((str(counts[0]), str(counts[-1])))) if counts else ""


def render_exactness() -> str:
    """Return what is read of each format and how exactly, where others read otherwise, and what is not read."""
    rows = _read_rows(REAL_FILES)
    measurements = [row for row in rows if row["outcome"] in {"opened", "asks", "refused"}]
    largest: dict[str, float] = {}
    for row in _read_rows(SIZES):
        largest[row["format"]] = max(largest.get(row["format"], 0), float(row["gigabytes"]))
    lines = []
    for form in sorted(list_formats(), key=lambda form: form.title):
        tried = _Tried([row for row in measurements if row["format"] == form.id])
        size = f"{largest[form.id]:g} GB" if form.id in largest else ""
        cells = (form.title, form.becomes, tried.files, tried.compared, tried.n_fields, size)
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(
        [
            "| format | becomes | real files | compared | fields | largest |",
            "| --- | --- | --- | --- | --- | --- |",
            *lines,
            "",
            "## Where another library differs, or a file is refused",
            "",
            "| file | becomes | why |",
            "| --- | --- | --- |",
            *(f"| {row['path']} | {row['outcome']} | {row['why']} |" for row in measurements if row["why"]),
            "",
            "## Stored, not read",
            "",
            "These are named, kept with their checksums, and published as they are.",
            "",
            "| kind of file | real files |",
            "| --- | --- |",
            *(f"| {name} | {count} |" for name, count in _count_stored(rows)),
        ]
    )


def _count_stored(rows: Sequence[Mapping[str, str]]) -> list[tuple[str, int]]:
    return sorted(Counter(row["said"] for row in rows if row["outcome"] == "stored").items())


def _read_rows(name: str) -> list[dict[str, str]]:
    with (CHECKOUT / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def write_example(text: str) -> str:
    """Return the guide with each file that it shows written anew."""
    return _SHOWN_FILE.sub(lambda found: _show_file(found["path"]), text)


def _show_file(path: str) -> str:
    code = (CHECKOUT / path).read_text(encoding="utf-8").rstrip()
    note = "Not run by the tests: this is a file of the code, which they run."
    return f"<!-- file: {path} -->\n```python\n# {path}\n{code}\n```\n\n{note}\n<!-- end of file -->"


_SHOWN_FILE = re.compile(r"<!-- file: (?P<path>\S+) -->\n.*?<!-- end of file -->", re.DOTALL)
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
    renders = {
        **dict.fromkeys(DOCUMENTS, render_table),
        KEYS_DOCUMENT: render_keys,
        EXACTNESS_DOCUMENT: render_exactness,
    }
    written = {
        name: replace_table((CHECKOUT / name).read_text(encoding="utf-8"), render)
        for name, render in renders.items()
    }
    written[EXAMPLE_DOCUMENT] = write_example((CHECKOUT / EXAMPLE_DOCUMENT).read_text(encoding="utf-8"))
    return 0 if write_or_compare(written, "formats") and not get_registry().set_aside else 1


if __name__ == "__main__":
    sys.exit(main())
