"""Answers from a spreadsheet, a pasted block or the names of files: each becomes a wish of its own (ADR 0039)."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from repository.errors import InvalidMetadataError
from repository.models import Deposit
from repository.schema.checks.cell_values import CellRefusedError, find_field
from repository.schema.documents.name_answers import NameMatch, NamePatternError, list_words, match_names
from repository.schema.documents.sheets import (
    DecimalMark,
    Sheet,
    SheetCell,
    SheetError,
    SheetRow,
    read_block,
    read_sheet,
)
from repository.services.answer_writes import AnswerResult, Wish

CLEAR_WORD = "-"
"""What a person writes into a cell of a sheet to take an answer away: an empty cell says nothing."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a sheet or the names of files want to change.

    Attributes
    ----------
    refused
        Lines and columns from which nothing can be taken, each with why.
    """

    wishes: tuple[Wish, ...]
    refused: tuple[AnswerResult, ...] = ()
    unknown: tuple[str, ...] = ()
    decimal: str = "."
    delimiter: str = ","


def want_sheet(
    deposit: Deposit, text: str, *, decimal: DecimalMark = "auto", only_empty: bool = False
) -> Wanted:
    """Return what a CSV wants, as the table gives it out or as people write it.

    Raises
    ------
    InvalidMetadataError
        It is no table, or names no files.
    """
    sheet = _read(lambda: read_sheet(text, decimal=decimal))
    ids = dict(deposit.current_measurements.values_list("primary_file__path", "pk"))
    return _want(sheet, _Finder(ids), only_empty=only_empty)


def want_block(
    text: str,
    *,
    ids: Sequence[str],
    fields: Sequence[tuple[str, str | None]],
    decimal: DecimalMark = "auto",
) -> Wanted:
    """Return what a pasted block wants: its first cell goes to the first of these measurements and fields.

    Raises
    ------
    InvalidMetadataError
        It reaches beyond them.
    """
    for path, _ in fields:
        try:
            find_field(path)
        except CellRefusedError as error:
            raise InvalidMetadataError(error.message, hint=error.hint) from error
    sheet = _read(lambda: read_block(text, fields=fields, files=ids, decimal=decimal))
    return _want(sheet, _Finder({each: each for each in ids}), only_empty=False)


def _read(reading: Any) -> Sheet:
    try:
        return reading()  # type: ignore[no-any-return]  # one of two functions that return one
    except SheetError as error:
        raise InvalidMetadataError(str(error), hint="Save the sheet as CSV, and send it again.") from error


class _Finder:
    """Finds the measurement that a line names: by its id, its path, or the name of its file where only one has it."""

    def __init__(self, ids: Mapping[str, str]) -> None:
        self._ids = ids
        self._known = set(ids.values())
        names = Counter(PurePosixPath(path).name for path in ids)
        self._by_name = {
            name: each for path, each in ids.items() if names[name := PurePosixPath(path).name] == 1
        }
        self._lines: dict[str, int] = {}
        self._twice = {name for name, count in names.items() if count > 1}

    def find(self, row: SheetRow) -> str:
        """Return the id (CellRefusedError where there is none, or an earlier line is about the same file)."""
        name = row.file
        found = (
            name if name in self._known else self._ids.get(name.removeprefix("./")) or self._by_name.get(name)
        )
        if name in self._twice and found is None:
            raise CellRefusedError(
                "name_twice", f'Several files are called "{name[:200]}".', "Write the path."
            )
        if not name:
            raise CellRefusedError(
                "no_file", "The line names no file.", "Write its path into the column file."
            )
        if found is None:
            hint = "Write the path as it stands in the deposit."
            raise CellRefusedError("not_found", f'No measurement has the file "{name[:200]}".', hint)
        earlier = self._lines.setdefault(found, row.line)
        if earlier != row.line:
            raise CellRefusedError(
                "line_twice", f"Line {earlier} is about the same file.", "Keep one of the two."
            )
        return found


def _want(sheet: Sheet, finder: _Finder, *, only_empty: bool) -> Wanted:
    wishes: list[Wish] = []
    refused: list[AnswerResult] = []
    for row in sheet.rows:
        try:
            found = finder.find(row)
        except CellRefusedError as error:
            refused.append(_refuse_line(row, error))
            continue
        wishes += [_wish(cell, found, only_empty=only_empty) for cell in row.cells]
    return Wanted(tuple(wishes), tuple(refused), sheet.unknown, sheet.decimal, sheet.delimiter)


def _refuse_line(row: SheetRow, error: CellRefusedError) -> AnswerResult:
    message = f"Line {row.line}: {error.message}"
    return AnswerResult(
        "", "measurement", "", "refused", path=row.file, code=error.code, message=message, hint=error.hint
    )


def _wish(cell: SheetCell, measurement_id: str, *, only_empty: bool) -> Wish:
    return Wish(
        field=cell.column.field,
        level="measurement",
        act="clear" if cell.text == CLEAR_WORD else "value",
        keys=(measurement_id,),
        value=cell.text,
        unit=cell.column.unit,
        only_empty=only_empty,
        only_new=True,
    )


@dataclass(frozen=True, slots=True)
class NameAnswers:
    """What the names of files say: the matches with their places, and the wishes that follow."""

    matches: tuple[tuple[str, NameMatch], ...]
    wanted: Wanted
    count: int


def want_names(
    deposit: Deposit,
    pattern: str,
    *,
    units: Mapping[str, str | None],
    fields: Mapping[str, str],
    ids: Sequence[str] = (),
    only_empty: bool = False,
) -> NameAnswers:
    """Return what the names that a pattern names say.

    Parameters
    ----------
    units
        By word: the unit of the numbers, where the name does not hold it.
    fields
        By word: the field that it answers, where it is not the field's path itself.
    ids
        The measurements that are looked at; all without it.

    Raises
    ------
    InvalidMetadataError
        The pattern cannot be read, or a word of it is no field.
    """
    try:
        words = list_words(pattern)
        for word in words:
            find_field(fields.get(word, word))
    except NamePatternError as error:
        raise InvalidMetadataError(str(error), pointer="/pattern") from error
    except CellRefusedError as error:
        hint = "Name the field of each word in `fields`, as in {tilt: stage_tilt_x}."
        raise InvalidMetadataError(error.message, pointer="/pattern", hint=hint) from error
    rows = deposit.current_measurements.order_by("ordinal", "pk")
    if ids:
        rows = rows.filter(pk__in=ids)
    known = dict(rows.values_list("primary_file__path", "pk"))
    matches = match_names(pattern, list(known))
    wishes = [
        Wish(
            field=fields.get(word, word),
            level="measurement",
            act="value",
            keys=(known[match.path],),
            value=text,
            unit=units.get(word),
            only_empty=only_empty,
            only_new=True,
        )
        for match in matches
        for word, text in match.texts.items()
    ]
    return NameAnswers(
        tuple((known[match.path], match) for match in matches), Wanted(tuple(wishes)), len(known)
    )
