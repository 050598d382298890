"""States stand in one table: whoever changes one asks it, it names whoever does, and no word in it is idle."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from enum import Enum
from functools import cache
from pathlib import Path

import pytest
from django.db.models import TextChoices

from project.environment import CHECKOUT
from repository.states import DepositMove, DepositState, JobMove, JobState, MeasurementMove, MeasurementState
from tests.architecture.test_enqueuing import list_files
from tools.states import DOCUMENT, replace_tables

TABLES: list[tuple[type[TextChoices], type[Enum]]] = [
    (DepositState, DepositMove), (MeasurementState, MeasurementMove), (JobState, JobMove),
]  # fmt: skip
MOVES = [move for _, moves in TABLES for move in moves]
WRITES = {"update", "create", "get_or_create", "update_or_create"}
WRITING_ROOMS = (
    "repository/services/", "repository/tasks/", "repository/workflows/", "confined/", "ingest/", "processing/",
)  # fmt: skip
# The functions that write a state: of what is in the table, and of other things.
WRITERS = {
    "repository/services/deposits.py": {"move_deposit", "move_if_possible"},
    "repository/services/measurements.py": {"_move"},
    "repository/services/jobs.py": {"_move"},
    # A version, a file, a DOI and a message have two or three states each, and one function that changes them.
    "repository/services/withdrawal.py": {"withdraw_version"},
    "repository/services/uploads.py": {"_end_transfer"},
    "repository/services/identifiers.py": {"_settle"},
    "repository/services/messages.py": {"_settle"},
}


@cache
def list_functions() -> tuple[tuple[Path, ast.FunctionDef], ...]:
    """Return the functions of the rooms that touch tables."""
    return tuple(
        (path, node)
        for path in list_files()
        if path.relative_to(CHECKOUT).parts[0] != "project"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef)
    )


def list_mentions(function: ast.FunctionDef) -> Iterator[tuple[str, str]]:
    for node in ast.walk(function):
        match node:
            case ast.Attribute(attr=name, value=ast.Name(id=owner)) if owner.endswith("Move"):
                yield owner, name


@pytest.mark.parametrize("move", MOVES, ids=str)
def test_the_table_names_whoever_takes_a_way(move: Enum) -> None:
    mentioned = {
        function.name
        for _, function in list_functions()
        if (type(move).__name__, move.name) in set(list_mentions(function))
    }
    assert mentioned == set(move.value.by)


@pytest.mark.parametrize(("states", "moves"), TABLES)
def test_every_state_is_reached_and_known(states: type[TextChoices], moves: type[Enum]) -> None:
    first = {"draft", "found", "queued"} & set(states.values)
    reached = {str(move.value.target) for move in moves}
    named = reached | {str(source) for move in moves for source in move.value.sources}
    assert len(first) == 1
    assert reached | first == named | first == set(states.values)


def writes_state(function: ast.FunctionDef) -> bool:
    """Tell whether a state is written here; nothing that is kept in memory only is called so in these rooms."""
    is_named = is_handed_on = False
    for node in ast.walk(function):
        match node:
            case ast.Assign(targets=targets):
                if any(isinstance(target, ast.Attribute) and target.attr == "state" for target in targets):
                    return True
            case ast.Call(func=ast.Attribute(attr=verb), keywords=words) if verb in WRITES:
                if any(word.arg == "state" for word in words):
                    return True
                is_handed_on |= any(word.arg is None for word in words)
            case ast.Dict(keys=keys):
                is_named |= any(isinstance(key, ast.Constant) and key.value == "state" for key in keys)
    return is_named and is_handed_on


def test_states_are_written_by_nobody_else() -> None:
    found: defaultdict[str, set[str]] = defaultdict(set)
    for path, function in list_functions():
        name = str(path.relative_to(CHECKOUT))
        if name.startswith(WRITING_ROOMS) and writes_state(function):
            found[name].add(function.name)
    assert found == WRITERS


def test_the_document_is_current() -> None:
    text = (CHECKOUT / DOCUMENT).read_text(encoding="utf-8")
    assert replace_tables(text) == text, "run `make states`"
