"""techniques: what the measurements of a deposit seem to be, confirmed at once or said of files."""

import argparse
from collections.abc import Iterator, Sequence

from stemma.commands.output import Result
from stemma.connection import Connection, api_path
from stemma.depositing.drafts import Drafts
from stemma.errors import JsonObject, UsageError
from stemma.identifiers import parse_reference
from stemma.progress import Progress
from stemma.search import read_cursor
from stemma.texts import count_things

PAGE_SIZE = "200"
# Where a technique stands that nobody has answered: nowhere, or in the header.
_OF_THE_FILE = frozenset({None, "header"})


def techniques(arguments: argparse.Namespace, connection: Connection, progress: Progress) -> Result:
    """Show what is proposed; with --confirm or --set make it answers, and wait until what follows is done."""
    deposit_id = parse_reference(arguments.id).id
    said = _read_said(arguments.set or ())
    change: JsonObject = {}
    if arguments.confirm or said:
        body: JsonObject = {"confirm": True} if arguments.confirm else {}
        if said:
            body["techniques"] = said
        change = connection.request("POST", api_path("deposits", deposit_id, "techniques"), json=body).json()
        progress.note(f"{count_things(int(change['saved']), 'technique')} answered.")
        _wait(connection, deposit_id, progress)
    rows = [_describe_row(row) for row in _list_rows(connection, deposit_id)]
    counts: JsonObject = {key: change[key] for key in ("change", "saved", "unchanged") if key in change}
    record: JsonObject = {"id": deposit_id, **counts, "measurements": rows}
    return Result(record, "\n".join(_describe(deposit_id, rows)))


def _read_said(wishes: Sequence[Sequence[str]]) -> dict[str, list[str]]:
    """Return the techniques by path or pattern, as --set names them."""
    said: dict[str, list[str]] = {}
    for path, *words in wishes:
        if not words:
            raise UsageError(
                f"--set {path} says no technique.", hint="Write --set PATH TECHNIQUE, or several techniques."
            )
        said.pop(path, None)  # said again, it counts as said last
        said[path] = words
    return said


def _wait(connection: Connection, deposit_id: str, progress: Progress) -> None:
    try:
        Drafts(connection).wait(deposit_id, on_stage=progress.stage)
    finally:
        progress.end()


def _list_rows(connection: Connection, deposit_id: str) -> Iterator[JsonObject]:
    path = api_path("deposits", deposit_id, "table")
    parameters = [("page_size", PAGE_SIZE)]
    while True:
        page = connection.get_json(path, params=parameters)
        yield from page.get("rows") or ()
        cursor = read_cursor(page.get("next"))
        if not cursor:
            return
        parameters = [("page_size", PAGE_SIZE), ("cursor", cursor)]


def _describe_row(row: JsonObject) -> JsonObject:
    cell = (row.get("cells") or {}).get("technique") or {}
    return {
        "id": row["id"],
        "path": row["path"],
        "technique": row.get("technique") or [],
        "answered": cell.get("level") not in _OF_THE_FILE,
        "proposal": row.get("proposal"),
    }


def _describe(deposit_id: str, rows: Sequence[JsonObject]) -> Iterator[str]:
    """Yield the answered, the sure and the unsure ones, then what to do."""
    open_rows = [row for row in rows if not row["answered"]]
    sure = [row for row in open_rows if row["proposal"] and row["proposal"]["sure"]]
    unsure = [row for row in open_rows if row["proposal"] and not row["proposal"]["sure"]]
    for heading, chosen in (
        ("Answered", [row for row in rows if row["answered"]]),
        ("Sure", sure),
        ("Unsure", unsure),
        ("Not opened yet", [row for row in open_rows if not row["proposal"]]),
    ):
        if chosen:
            yield f"{heading} ({len(chosen)})"
            yield from (f"  {line}" for row in chosen for line in _describe_lines(row))
    if not rows:
        yield f"{deposit_id} has no measurements yet."
    if sure:
        yield f"Next: stemma techniques {deposit_id} --confirm"
    elif unsure:
        yield f"Next: stemma techniques {deposit_id} --set PATH TECHNIQUE"


def _describe_lines(row: JsonObject) -> Iterator[str]:
    if row["answered"]:
        yield f"{row['path']}  {', '.join(row['technique'])}"
        return
    proposal = row["proposal"] or {}
    yield f"{row['path']}  {', '.join(proposal.get('techniques') or ()) or 'nothing tells'}"
    if proposal.get("why"):
        yield f"  {proposal['why']}"
