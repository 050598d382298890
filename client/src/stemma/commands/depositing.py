"""deposit, validate, publish, remove."""

import argparse

from stemma.commands.output import DONE, ERRORS_FOUND, LEFT_OUT, Result
from stemma.commands.report import describe_record
from stemma.connection import Connection
from stemma.depositing.checking import validate_paths
from stemma.depositing.document import load_document
from stemma.depositing.drafts import Drafts
from stemma.depositing.session import (
    MOST_NOTES,
    DepositRequest,
    DepositSession,
    Outcome,
    publish_deposit,
    remove_files,
)
from stemma.errors import JsonObject
from stemma.identifiers import parse_reference
from stemma.progress import Progress


def deposit(arguments: argparse.Namespace, connection: Connection, progress: Progress) -> Result:
    request = DepositRequest(
        paths=arguments.paths,
        title=arguments.title,
        document=load_document(arguments.metadata) if arguments.metadata else None,
        publish=arguments.publish,
        accepted=arguments.accept_warnings,
        wait=arguments.wait,
        new=arguments.new,
        follow_links=arguments.follow_links,
        rename=arguments.rename,
    )
    session = DepositSession(connection, request, progress)
    try:
        outcome = session.run()
        text = describe_record(outcome.record) + _describe_left_out(outcome)
        return Result(_with_selection(outcome), text, _choose_code(outcome))
    except KeyboardInterrupt:
        progress.end()
        if session.deposit_id:
            progress.note(
                f"Stopped. What was sent is kept in deposit {session.deposit_id}; "
                "the same command goes on with it."
            )
        raise


def validate(arguments: argparse.Namespace, connection: Connection, progress: Progress) -> Result:
    document = load_document(arguments.metadata) if arguments.metadata else None
    request = DepositRequest(
        paths=arguments.paths,
        title=arguments.title,
        document=document,
        follow_links=arguments.follow_links,
        rename=arguments.rename,
    )
    outcome = validate_paths(connection, request, progress)
    # The draft is gone: a next step with its id would lead nowhere.
    kept = {key: value for key, value in outcome.record.items() if key not in {"doi", "url"}}
    text = describe_record({**kept, "state": f"{outcome.record.get('state')}; nothing was kept"})
    return Result(_with_selection(outcome), text + _describe_left_out(outcome), _choose_code(outcome))


def publish(arguments: argparse.Namespace, connection: Connection, progress: Progress) -> Result:
    record_id = parse_reference(arguments.id).id
    return _build_result(publish_deposit(Drafts(connection), record_id, arguments.accept_warnings, progress))


def remove(arguments: argparse.Namespace, connection: Connection, progress: Progress) -> Result:
    record_id = parse_reference(arguments.id).id
    return _build_result(remove_files(Drafts(connection), record_id, arguments.paths, progress))


def _build_result(outcome: Outcome) -> Result:
    return Result(outcome.record, describe_record(outcome.record), ERRORS_FOUND if outcome.refused else DONE)


def _with_selection(outcome: Outcome) -> JsonObject:
    """Add what was left out here to what the server's new version leaves out, and what has another name there."""
    left_out = [*(outcome.record.get("left_out") or ()), *(one.as_dict() for one in outcome.left_out)]
    return {**outcome.record, "left_out": left_out, "renamed": [one.as_dict() for one in outcome.renamed]}


def _describe_left_out(outcome: Outcome) -> str:
    missed = [one for one in outcome.left_out if not one.is_expected]
    lines = [f"  {one.name}: {one.reason}" for one in missed[:MOST_NOTES]]
    lines += [f"  … and {len(missed) - MOST_NOTES} more"] if len(missed) > MOST_NOTES else []
    return "\n".join(["", "", f"Left out ({len(missed)})", *lines]) if missed else ""


def _choose_code(outcome: Outcome) -> int:
    """Return 3 where something was refused, 5 where somebody may miss what was left out."""
    if outcome.refused:
        return ERRORS_FOUND
    return LEFT_OUT if any(not one.is_expected for one in outcome.left_out) else DONE
