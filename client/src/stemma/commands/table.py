"""table: the answers of a session as CSV, for a spreadsheet; changed there, each is saved or refused by itself."""

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

from stemma.commands.output import LEFT_OUT, Result
from stemma.connection import Connection, api_path, read_object
from stemma.depositing.drafts import Drafts
from stemma.errors import JsonObject, UsageError
from stemma.identifiers import parse_reference
from stemma.progress import Progress
from stemma.texts import count_things


def table(arguments: argparse.Namespace, connection: Connection, progress: Progress) -> Result:
    """Print the table, or take the answers of a CSV and wait until what follows from them is done."""
    deposit_id = parse_reference(arguments.id).id
    path = api_path("deposits", deposit_id, "table", "sheet")
    if arguments.csv is None:
        return _show(deposit_id, path, arguments, connection)
    body = {
        "text": _read_sheet(arguments.csv),
        "decimal": arguments.decimal,
        "only_empty": arguments.only_empty,
        "dry_run": arguments.dry_run,
    }
    change = read_object(connection.request("POST", path, json=body))
    if not arguments.dry_run and int(change["saved"]):
        try:
            Drafts(connection).wait(deposit_id, on_stage=progress.stage)
        finally:
            progress.end()
    results = change.pop("results", None) or ()
    refused = [one for one in results if one["result"] == "refused"]
    record: JsonObject = {"id": deposit_id, **change, "results": refused}
    text = "\n".join(_describe(change, refused, is_dry_run=arguments.dry_run))
    return Result(record, text, LEFT_OUT if refused else 0)


def _show(deposit_id: str, path: str, arguments: argparse.Namespace, connection: Connection) -> Result:
    asked = {"incomplete": "true"} if arguments.incomplete else {}
    text = connection.request("GET", path, params=asked).text
    if arguments.to is None:
        return Result({"id": deposit_id, "csv": text}, text.replace("\r\n", "\n").removesuffix("\n"))
    arguments.to.write_bytes(text.encode("utf-8-sig"))  # by its mark Excel knows the encoding
    return Result({"id": deposit_id, "written": str(arguments.to)}, f"Written to {arguments.to}")


def _read_sheet(path: Path) -> str:
    """Return the text of a CSV as spreadsheets write it: UTF-8, with or without its mark.

    Raises
    ------
    UsageError
        It is no such text.
    """
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        raise UsageError(
            f"{path} is not UTF-8.", hint="Save it as “CSV UTF-8”, so that µ and Å arrive as they are."
        ) from fault


def _describe(change: JsonObject, refused: Sequence[JsonObject], *, is_dry_run: bool) -> Iterator[str]:
    """Yield what was done, then each answer that was not taken, with the reason."""
    verb = "would be saved" if is_dry_run else "saved"
    yield (
        f"{count_things(int(change['saved']), 'answer')} {verb}, {change['unchanged']} unchanged, "
        f"{change['refused']} refused."
    )
    for one in refused:
        place = ", ".join(str(part) for part in (one.get("path") or one.get("key"), one.get("field")) if part)
        why = " ".join(str(part) for part in (one.get("message"), one.get("hint")) if part)
        yield f"  {place}: {why}"
    unknown = change.get("unknown_columns") or ()
    if unknown:
        yield f"Passed over, as they are no fields: {', '.join(map(str, unknown))}"
