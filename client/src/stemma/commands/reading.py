"""status, open, get, search, template."""

import argparse
from itertools import islice
from pathlib import Path

import yaml

from stemma.client import Client, open_reference
from stemma.commands.output import DONE, NO_SERVER, Result
from stemma.commands.report import describe_measurement, describe_record
from stemma.connection import API, Connection, api_path
from stemma.errors import JsonObject, RefusedError, ServerUnreachableError
from stemma.identifiers import parse_reference
from stemma.progress import Progress, format_size
from stemma.records import Measurement
from stemma.search import follow_pages
from stemma.texts import count_things, one_line, show_system_text

WHERE_HINT = "Write --where 'voltage=80..300 kV', 'convergence>=20 mrad' or 'format=empad'."
_NOT_UNDERSTOOD = frozenset({400, 422})


def status(arguments: argparse.Namespace, connection: Connection, progress: Progress) -> Result:
    if arguments.id is None:
        return _list_deposits(connection)
    return show(arguments, connection, progress)


def show(arguments: argparse.Namespace, connection: Connection, progress: Progress) -> Result:
    del progress
    found = open_reference(connection, parse_reference(arguments.id))
    text = (
        describe_measurement(found.record)
        if isinstance(found, Measurement)
        else describe_record(found.record)
    )
    return Result(found.record, text)


def get(arguments: argparse.Namespace, connection: Connection, progress: Progress) -> Result:
    found = open_reference(connection, parse_reference(arguments.id))
    folder: Path = arguments.path or Path(found.id)
    files = found.files
    progress.begin_transfer("Downloading", total=sum(int(file["size"]) for file in files), files=len(files))
    try:
        holder = found.open_parent() if isinstance(found, Measurement) else found
        result = holder.fetch_files(folder, files=files, on_progress=progress.file_arrives)
    finally:
        progress.end()
    if result.failed and not result.saved:
        raise result.failed[0][1]
    listed: list[JsonObject] = [
        {
            "path": file["path"],
            "size": file["size"],
            "sha256": file["sha256"],
            "location": show_system_text(str(result.saved[file["path"]].within(folder))),
        }
        for file in files
        if file["path"] in result.saved
    ]
    for name in result.renamed:
        progress.note(one_line(f"{name.path} is saved as {name.saved_as}: {name.reason}."))
    for path, fault in result.failed:
        progress.note(one_line(f"{path} could not be downloaded: {fault.message}"))
    shown = show_system_text(str(folder))
    record = {
        "id": found.id,
        "folder": shown,
        "files": listed,
        "renamed": [name.as_dict() for name in result.renamed],
        "failed": result.describe_failed(),
    }
    text = _describe_saved(listed, shown, asked=len(files), renamed=len(result.renamed))
    return Result(record, text, NO_SERVER if result.failed else DONE)


def _describe_saved(saved: list[JsonObject], folder: str, *, asked: int, renamed: int) -> str:
    """Return how it went, what went wrong first."""
    size = format_size(sum(int(file["size"]) for file in saved))
    here = f"{count_things(len(saved), 'file')}, {size}, in {folder}"
    if failed := asked - len(saved):
        text = f"{failed} of {count_things(asked, 'file')} could not be downloaded. {here}"
        text += "; the sha256 of what is here is as published."
    else:
        text = f"{here}; every sha256 is as published."
    return text + (
        f" {renamed} {'has another name' if renamed == 1 else 'have other names'} here." if renamed else ""
    )


def search(arguments: argparse.Namespace, connection: Connection, progress: Progress) -> Result:
    del progress
    results = Client(connection).search(" ".join(arguments.text) or None, where=arguments.where)
    try:
        listed = [result.record for result in islice(results, arguments.limit)]
    except RefusedError as refusal:
        if arguments.where and refusal.status in _NOT_UNDERSTOOD:
            refusal.hint = WHERE_HINT  # the server's hint shows the form of its own addresses
        raise
    lines = [count_things(results.count, "dataset")]
    for record in listed:
        lines += [
            f"  {record['id']}  {record.get('title') or ''}",
            f"      {record.get('doi') or ''}  {record.get('url') or ''}",
        ]
    return Result({"count": results.count, "facets": results.facets, "results": listed}, "\n".join(lines))


def template(arguments: argparse.Namespace, connection: Connection, progress: Progress) -> Result:
    del progress
    techniques = [
        ("technique", one) for technique in arguments.techniques for one in technique.split(",") if one
    ]
    version = connection.get_json(f"{API}/schemas/stem/")["in_force"]
    response = connection.request("GET", f"{API}/schemas/stem/{version}/template", params=techniques)
    try:
        document = yaml.safe_load(response.text)
    except yaml.YAMLError as fault:
        raise ServerUnreachableError(
            f"The server's template is not YAML: {fault}.", code="not_stemma"
        ) from fault
    return Result(
        document if isinstance(document, dict) else {"template": document}, response.text.rstrip("\n")
    )


def _list_deposits(connection: Connection) -> Result:
    path = api_path("deposits")
    first = connection.get_json(path)
    records = list(follow_pages(connection, path, [], first))
    lines = [
        f"{record['id']}  {record.get('state') or '':16}  {record.get('title') or ''}" for record in records
    ]
    return Result(
        {"count": len(records), "results": records},
        "\n".join(lines) or "No deposits yet: stemma deposit PATH…",
    )
