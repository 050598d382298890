"""The session's table as CSV: what holds for every measurement, with the units in the head."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from repository.models import Deposit
from repository.models.cell_summary import sum_cells
from repository.models.sorting import version_measurements
from repository.schema.documents.sheets import write_sheet
from repository.schema.questions.fields import load_catalogue
from repository.selectors.session_table import TECHNIQUE

_UNANSWERED = frozenset({"needed", "empty"})
_AXES = "axes"
"""Through which an array itself answers: its sizes and steps have no column of their own."""
_ONE_NUMBER = re.compile(r"[+-]?[0-9.]+(e[+-]?[0-9]+)? \S+")
"""A number and its unit: it is written in the unit of its column. Ranges and spreads are written as they are."""


def write_table(deposit: Deposit, *, with_bom: bool = False, is_incomplete_only: bool = False) -> str:
    """Return the table of a deposit as CSV: what is read back from it unchanged changes nothing.

    Parameters
    ----------
    with_bom
        Begin with a byte order mark, by which some spreadsheets know UTF-8.
    is_incomplete_only
        Only fields that publishing waits for, or that say several things.
    """
    found = {
        one.field
        for one in sum_cells(version_measurements(deposit))
        if _is_wanted(one, is_incomplete_only=is_incomplete_only)
    }
    known = load_catalogue().measurement
    fields = [TECHNIQUE, *(path for path in known if path in found and path != TECHNIQUE)]
    columns = [(path, known[path].unit) for path in fields]
    return write_sheet(columns, _list_lines(deposit, columns), with_bom=with_bom)


def _is_wanted(one: Any, *, is_incomplete_only: bool) -> bool:
    return not is_incomplete_only or bool(
        one.needed or one.not_understood or one.conflicts or one.different > 1
    )


def _list_lines(deposit: Deposit, columns: Sequence[tuple[str, str | None]]) -> Iterator[list[str]]:
    rows = version_measurements(deposit).order_by("ordinal", "pk")
    for path, measurement_id, cells in rows.values_list("primary_file__path", "pk", "cells").iterator():
        yield [path, measurement_id, *(_show(cells.get(field), unit) for field, unit in columns)]


def _show(cell: Mapping[str, Any] | None, unit: str | None) -> str:
    if cell is None or cell["state"] in _UNANSWERED or cell.get("via", _AXES) != _AXES:
        return ""  # what another field answers stands in the column of that
    text: str = cell.get("text", "")
    is_bare = unit is not None and "number" in cell and _ONE_NUMBER.fullmatch(text) is not None
    return f"{cell['number']:.10g}" if is_bare else text
