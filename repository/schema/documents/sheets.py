"""The table as spreadsheets have it: CSV out and in, and a block of cells as it is pasted.

RFC 4180 going out. Coming in, what people's programs write is read: commas, semicolons or tabs, points or commas as
decimal marks, with or without a byte order mark. Nothing in a cell is ever computed.
"""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from repository.schema.quantities.unit_symbols import SYMBOLS
from repository.schema.questions.fields import load_catalogue

BOM = "\ufeff"
FILE_COLUMN = "file"
ID_COLUMN = "id"
DecimalMark = Literal[".", ",", "auto"]
MOST_CELLS = 200_000
_NUMERIC = frozenset({"quantity", "quantity_or_series", "series", "number"})
_DANGEROUS = ("=", "+", "-", "@", "\t", "\r")
_PLAIN_NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)?(?:[eE][+-]?\d+)?")
_BRACKETS = {"]": "[", ")": "("}
_FILE_WORDS = frozenset({"file", "path", "filename", "file name", "datei", "measurement"})


class SheetError(ValueError):
    """The text is no table that can be read; says why, and what to do."""


@dataclass(frozen=True, slots=True)
class SheetColumn:
    """A column of a sheet: the field that it answers, and the unit of its bare numbers."""

    number: int
    head: str
    field: str
    unit: str | None


@dataclass(frozen=True, slots=True)
class SheetCell:
    """What stands in a cell; line and column count from 1, as a spreadsheet shows them."""

    line: int
    number: int
    column: SheetColumn
    text: str


@dataclass(frozen=True, slots=True)
class SheetRow:
    """A line of a sheet: the file or the id that it names, and its cells with something in them."""

    line: int
    file: str
    cells: tuple[SheetCell, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet as it was understood.

    Attributes
    ----------
    unknown
        Heads of columns that are no fields; nothing of them is read.
    """

    columns: tuple[SheetColumn, ...]
    rows: tuple[SheetRow, ...]
    unknown: tuple[str, ...] = ()
    delimiter: str = ","
    decimal: str = "."


def write_sheet(
    columns: Sequence[tuple[str, str | None]], rows: Iterable[Sequence[str]], *, with_bom: bool = False
) -> str:
    """Return a table as CSV (RFC 4180): file and id, then the fields with their unit in the head.

    What a spreadsheet would take for a formula is written with an apostrophe before it, which `read_sheet` takes off.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    heads = [f"{path} [{unit}]" if unit else path for path, unit in columns]
    writer.writerow([FILE_COLUMN, ID_COLUMN, *heads])
    for row in rows:
        writer.writerow([neutralize(cell.strip()) for cell in row])
    return (BOM if with_bom else "") + text.getvalue()


def neutralize(text: str) -> str:
    """Return a text that no spreadsheet computes; numbers stay numbers."""
    is_formula = text.lstrip("'").startswith(_DANGEROUS) and _PLAIN_NUMBER.fullmatch(text) is None
    return f"'{text}" if is_formula else text


def restore(text: str) -> str:
    """Return what `neutralize` was given, of what it gave."""
    return text[1:] if text.startswith("'") and text.lstrip("'").startswith(_DANGEROUS) else text


def read_sheet(text: str, *, decimal: DecimalMark = "auto") -> Sheet:
    """Return what a sheet with a line of heads says; empty cells say nothing.

    Parameters
    ----------
    decimal
        How its numbers are written; `auto` goes by the delimiter and the numbers themselves.

    Raises
    ------
    SheetError
        No column names the files, two columns are the same field, or it is no table.
    """
    delimiter, lines = _read_lines(text)
    heads = lines[0] if lines else []
    place = next((n for n, head in enumerate(heads) if head.strip().lower() in _FILE_WORDS), None)
    id_place = next((n for n, head in enumerate(heads) if head.strip().lower() == ID_COLUMN), None)
    if place is None and id_place is None:
        raise SheetError(
            'No column names the files: head one of them "file" (or "id"), as in the table that is given out.'
        )
    columns, unknown = _read_heads(heads, {place, id_place})
    mark = _choose_mark(decimal, delimiter, lines[1:], columns)
    rows = []
    for line, cells in enumerate(lines[1:], start=2):
        name = next(
            (
                cells[n].strip()
                for n in (id_place, place)
                if n is not None and n < len(cells) and cells[n].strip()
            ),
            "",
        )
        if any(cell.strip() for cell in cells):
            rows.append(SheetRow(line, restore(name), tuple(_read_cells(line, cells, columns, mark))))
    return Sheet(columns, tuple(rows), unknown, delimiter, mark)


def read_block(
    text: str,
    *,
    fields: Sequence[tuple[str, str | None]],
    files: Sequence[str],
    decimal: DecimalMark = "auto",
) -> Sheet:
    """Return a pasted block: its cells go to these files and fields, from the first on.

    Raises
    ------
    SheetError
        It reaches beyond the last file or field.
    """
    delimiter, lines = _read_lines(text, delimiter="\t")
    width = max((len(line) for line in lines), default=0)
    if len(lines) > len(files) or width > len(fields):
        raise SheetError(
            f"The block has {len(lines)} rows and {width} columns; from here there are {len(files)} and {len(fields)}."
            " Paste it further up or to the left."
        )
    columns = tuple(
        SheetColumn(number, path, path, unit) for number, (path, unit) in enumerate(fields[:width])
    )
    mark = _choose_mark(decimal, delimiter, lines, columns)
    rows = tuple(
        SheetRow(line, files[line - 1], tuple(_read_cells(line, cells, columns, mark)))
        for line, cells in enumerate(lines, start=1)
    )
    return Sheet(columns, rows, (), delimiter, mark)


def _read_lines(text: str, delimiter: str | None = None) -> tuple[str, list[list[str]]]:
    text = text.removeprefix(BOM)
    if "\x00" in text:
        raise SheetError("The text holds a NUL character: save the sheet as CSV (UTF-8).")
    first = text.split("\n", maxsplit=1)[0]
    if delimiter is None:
        named = re.fullmatch(r'sep=([^"\r])\r?', first)
        if named is not None:
            delimiter, text = named[1], text.split("\n", maxsplit=1)[-1]
        else:
            delimiter = max((";", "\t", ","), key=first.count) if first else ","
    lines, count = [], 0
    try:
        for line in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True):
            lines.append(line)
            count += max(1, len(line))
            if count > MOST_CELLS:
                raise SheetError(f"The sheet has more than {MOST_CELLS:,} cells. Send it in parts.")
    except csv.Error as error:
        raise SheetError(f"The sheet cannot be read: {error}. Save it as CSV (UTF-8).") from error
    return delimiter, lines


def _read_heads(
    heads: Sequence[str], taken: set[int | None]
) -> tuple[tuple[SheetColumn, ...], tuple[str, ...]]:
    columns: dict[str, SheetColumn] = {}
    unknown = []
    names = _list_names()
    for number, head in enumerate(heads):
        if number in taken or not head.strip():
            continue
        name, unit = _split_head(restore(head.strip()))
        path = names.get(head.strip().lower()) or names.get(name.lower())
        if path is None:
            unknown.append(head.strip())
            continue
        if path in columns:
            raise SheetError(f'The columns "{columns[path].head}" and "{head.strip()}" are the same field.')
        codes = {symbol: code for code, symbol in SYMBOLS.items() if symbol}
        columns[path] = SheetColumn(number, head.strip(), path, codes.get(unit, unit) if unit else None)
    return tuple(columns.values()), tuple(unknown)


def _split_head(head: str) -> tuple[str, str | None]:
    """Return the name of a column and the unit behind it: `dwell time [us]`, `dwell time (us)`."""
    opening = _BRACKETS.get(head[-1:])
    place = head.rfind(opening) if opening is not None else -1
    unit = head[place + 1 : -1]
    if place < 0 or not unit or head[-1] in unit:
        return head, None
    return head[:place].rstrip(), unit


def _list_names() -> dict[str, str]:
    """Return by what a head may be called: the field's path, or its title where only one field has it."""
    fields = load_catalogue().measurement
    titles: dict[str, list[str]] = {}
    for path, one in fields.items():
        titles.setdefault(one.title.lower(), []).append(path)
    return {
        **{title: paths[0] for title, paths in titles.items() if len(paths) == 1},
        **{path: path for path in fields},
    }


def _choose_mark(
    decimal: DecimalMark, delimiter: str, lines: Sequence[Sequence[str]], columns: Sequence[SheetColumn]
) -> str:
    if decimal != "auto":
        return decimal
    numbers = [
        cell.strip()
        for line in lines
        for column in columns
        if column.number < len(line) and _is_numeric(column.field)
        for cell in [line[column.number]]
    ]
    has_points = any(re.search(r"\d\.\d", text) for text in numbers)
    has_commas = any(re.search(r"\d,\d", text) for text in numbers)
    return "," if has_commas and not has_points and delimiter != "," else "."


def _is_numeric(path: str) -> bool:
    return load_catalogue().measurement[path].kind in _NUMERIC


def _read_cells(
    line: int, cells: Sequence[str], columns: Sequence[SheetColumn], mark: str
) -> Iterable[SheetCell]:
    for column in columns:
        text = restore(cells[column.number].strip()) if column.number < len(cells) else ""
        if not text:
            continue
        if mark == "," and _is_numeric(column.field):
            text = re.sub(r"(?<=\d),(?=\d)", ".", text)
        yield SheetCell(line, column.number + 1, column, text)
