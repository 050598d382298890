"""sort, group, role: what becomes of the files of a deposit, and which belong together."""

import argparse

from stemma.commands.output import Result
from stemma.commands.report import describe_record
from stemma.connection import Connection, api_path
from stemma.depositing.drafts import Drafts
from stemma.errors import JsonObject, UsageError
from stemma.identifiers import parse_reference
from stemma.progress import Progress
from stemma.texts import count_things


def sort(arguments: argparse.Namespace, connection: Connection, progress: Progress) -> Result:
    """Decide what becomes of files; it can be done while they are read."""
    deposit_id = parse_reference(arguments.id).id
    body = {"changes": [{"fate": arguments.fate, "paths": arguments.paths}]}
    answer = _post(connection, deposit_id, "fates", body)
    progress.note(f"{count_things(int(answer['changed']), 'decision')} changed.")
    return _show(connection, deposit_id)


def group(arguments: argparse.Namespace, connection: Connection, progress: Progress) -> Result:
    """Say where files belong, and wait until what that touches is read."""
    deposit_id = parse_reference(arguments.id).id
    place = "with" if arguments.beside else arguments.place
    move = {
        "paths": arguments.paths,
        "place": place,
        **({"with": arguments.beside} if arguments.beside else {}),
    }
    _post(connection, deposit_id, "grouping", {"moves": [move]})
    try:
        Drafts(connection).wait(deposit_id, on_stage=progress.stage)
    finally:
        progress.end()
    return _show(connection, deposit_id)


def role(arguments: argparse.Namespace, connection: Connection, progress: Progress) -> Result:
    """Say what a measurement is to others."""
    deposit_id = parse_reference(arguments.id).id
    ids = {one["path"]: one["id"] for one in Drafts(connection).read(deposit_id).get("measurements") or ()}
    unknown = [path for path in (arguments.path, *arguments.of) if path not in ids]
    if unknown:
        raise UsageError(
            f"No measurement of {deposit_id} is led by {unknown[0]}.",
            hint=f"`stemma status {deposit_id}` lists the measurements with their files.",
        )
    wish = {
        "measurement": ids[arguments.path],
        "role": arguments.role,
        "of": [ids[path] for path in arguments.of],
    }
    _post(connection, deposit_id, "roles", {"roles": [{**wish, "take_back": arguments.take_back}]})
    try:
        Drafts(connection).wait(deposit_id, on_stage=progress.stage)
    finally:
        progress.end()
    return _show(connection, deposit_id)


def _post(connection: Connection, deposit_id: str, what: str, body: JsonObject) -> JsonObject:
    answer: JsonObject = connection.request("POST", api_path("deposits", deposit_id, what), json=body).json()
    return answer


def _show(connection: Connection, deposit_id: str) -> Result:
    record = Drafts(connection).read(deposit_id)
    return Result(record, describe_record(record))
