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
_AT_ONCE = 1000


def identifying(arguments: argparse.Namespace, connection: Connection, progress: Progress) -> Result:
    """List what identifies people and machines; with --mask or --unmask change what readers see."""
    deposit_id = parse_reference(arguments.id).id
    address = api_path("deposits", deposit_id, "identifying")
    if arguments.mask or arguments.unmask or arguments.mask_all:
        mask = list(arguments.mask)
        if arguments.mask_all:
            listed = connection.request("GET", address).json()["results"]
            mask = [one["value"] for one in listed if one["state"] == "shown" and _may_be_masked(one)]
        if mask or arguments.unmask:
            for first in range(0, max(len(mask), 1), _AT_ONCE):
                body = {"mask": mask[first : first + _AT_ONCE], "unmask": [] if first else arguments.unmask}
                connection.request("POST", address, json=body)
            progress.note(f"{count_things(len(mask) + len(arguments.unmask), 'value')} changed.")
    results: list[JsonObject] = connection.request("GET", address).json()["results"]
    return Result({"id": deposit_id, "results": results}, _describe(results))


def _may_be_masked(one: JsonObject) -> bool:
    """Return whether it stands in more than what only people write: that is taken out where it was written."""
    return set(one["fields_said"]) != {"extensions"}


def _describe(results: list[JsonObject]) -> str:
    if not results:
        return "Headers and metadata name no people, paths or serial numbers."
    lines = []
    for one in results:
        where = ", ".join(one["fields_said"])
        kind = one["kind"].replace("_", " ")
        lines.append(f"{one['value']}  ({kind}): {_WORDS[one['state']]}{' ' + where if where else ''}")
    return "\n".join([*lines, "", "The original files are published as they are."])
