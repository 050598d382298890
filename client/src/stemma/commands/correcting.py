"""correct: what a published version says is corrected; its files and arrays stay as they are."""

import argparse

from stemma.commands.output import DONE, ERRORS_FOUND, Result
from stemma.connection import Connection, api_path
from stemma.depositing.document import load_document
from stemma.errors import JsonObject, UsageError
from stemma.identifiers import parse_reference
from stemma.progress import Progress
from stemma.texts import count_things


def correct(arguments: argparse.Namespace, connection: Connection, progress: Progress) -> Result:
    """Correct a version, or with --dry-run say what would change."""
    if not (arguments.dry_run or (arguments.reason or "").strip()):
        raise UsageError(
            "A correction needs a reason.", hint="--reason 'The voltage was noted wrongly': readers see it."
        )
    wanted = parse_reference(arguments.id)
    number = arguments.of_version or wanted.version
    if number is None:
        number = int(connection.request("GET", api_path("datasets", wanted.id)).json()["version"])
    body: JsonObject = {
        "metadata": load_document(arguments.metadata),
        "reason": arguments.reason or "",
        "dry_run": arguments.dry_run,
        "accept_warnings": [one.as_dict() for one in arguments.accept_warnings],
    }
    address = api_path("datasets", wanted.id, "versions", str(number), "revisions")
    outcome: JsonObject = connection.request("POST", address, json=body).json()
    if outcome["is_made"]:
        progress.note(f"Revision {outcome['revision']} of {wanted.id}.v{number} is made.")
    return Result(outcome, _describe(outcome), ERRORS_FOUND if outcome["obstacles"] else DONE)


def _describe(outcome: JsonObject) -> str:
    verb = "changes" if outcome["is_made"] else "would change"
    changes = outcome["changes"]
    lines = [f"Revision {outcome['revision']} {verb} {count_things(len(changes), 'field')}:"]
    for change in changes:
        place = f"{change['path']}: " if change["path"] else ""
        old, new = (change[side] or "nothing" for side in ("old_text", "new_text"))
        lines.append(f"  {place}{change['title']}: {old} → {new}")
    for title, key in (("What the checks say of it", "findings"), ("In its way", "obstacles")):
        if outcome[key]:
            lines += ["", title]
            lines += [f"  {one['severity']} {one['code']}: {one['message']}" for one in outcome[key]]
    return "\n".join(lines)
