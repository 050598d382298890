"""identifying: names, paths and serial numbers that a draft would tell its readers, and masking them."""

import argparse

from stemma.commands.output import Result
from stemma.connection import Connection, api_path
from stemma.errors import JsonObject
from stemma.identifiers import parse_reference
from stemma.progress import Progress
from stemma.texts import count_things

_WORDS = {
    "shown": "readers see it in",
    "masked": "withheld in",
    "in_files": "only in the original files, which are published as they are",
}


def identifying(arguments: argparse.Namespace, connection: Connection, progress: Progress) -> Result:
    """List what identifies people and machines; with --mask or --unmask change what readers see."""
    deposit_id = parse_reference(arguments.id).id
    address = api_path("deposits", deposit_id, "identifying")
    if arguments.mask or arguments.unmask or arguments.mask_all:
        mask = list(arguments.mask)
        if arguments.mask_all:
            listed = connection.request("GET", address).json()["results"]
            mask = [one["value"] for one in listed if one["state"] == "shown"]
        if mask or arguments.unmask:
            body = {"mask": mask, "unmask": arguments.unmask}
            connection.request("POST", address, json=body)
            progress.note(f"{count_things(len(mask) + len(arguments.unmask), 'value')} changed.")
    results: list[JsonObject] = connection.request("GET", address).json()["results"]
    return Result({"id": deposit_id, "results": results}, _describe(results))


def _describe(results: list[JsonObject]) -> str:
    if not results:
        return "Headers and metadata name no people, paths or serial numbers."
    lines = []
    for one in results:
        where = ", ".join(one["fields_said"])
        kind = one["kind"].replace("_", " ")
        lines.append(f"{one['value']}  ({kind}): {_WORDS[one['state']]}{' ' + where if where else ''}")
    return "\n".join([*lines, "", "The original files are published as they are."])
