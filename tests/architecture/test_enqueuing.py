"""Only workflows enqueue: whoever asks where a kind of job comes from looks through them and finds every place."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from project.environment import CHECKOUT

ROOMS = ("project", "repository", "confined", "ingest", "processing", "api", "frontend")
# By name: where it is made, and who else may mention it.
DOORS = {
    "enqueue_job": ("repository/workflows/jobs.py", "workflows"),
    "create_job": ("repository/services/jobs.py", "repository/workflows/jobs.py"),
    "announce_job": (
        "repository/tasks/bells.py", "repository/workflows/jobs.py", "repository/tasks/maintenance.py",
    ),
}  # fmt: skip
MAKES = {"create", "bulk_create", "get_or_create", "update_or_create"}


def list_files() -> Iterator[Path]:
    for room in ROOMS:
        yield from (path for path in (CHECKOUT / room).rglob("*.py") if "migrations" not in path.parts)


def list_names(tree: ast.AST) -> Iterator[str]:
    """Yield what the code names, also where it only imports it or hands it on."""
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.alias(name=name):
                yield name.rpartition(".")[2]
            case ast.FunctionDef(name=name):
                yield name


def is_workflow(path: Path) -> bool:
    return "workflows" in path.relative_to(CHECKOUT).with_suffix("").parts


@pytest.mark.parametrize("door", DOORS)
def test_only_workflows_enqueue(door: str) -> None:
    made_in, *allowed = DOORS[door]
    named_in = {
        path for path in list_files() if door in list_names(ast.parse(path.read_text(encoding="utf-8")))
    }
    names = {str(path.relative_to(CHECKOUT)) for path in named_in}
    assert made_in in names, f"{door} is not there any more: mend this test"
    assert names > {made_in}, f"{door} is used by nobody: mend this test"
    others = {
        str(path.relative_to(CHECKOUT))
        for path in named_in
        if not ("workflows" in allowed and is_workflow(path))
    }
    assert others - {made_in, *allowed} == set(), f"what calls {door} belongs into a workflow"


def test_rows_of_jobs_are_made_in_one_place() -> None:
    makers = set()
    for path in list_files():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(func=ast.Name(id="Job")):
                    makers.add(path)
                case ast.Call(
                    func=ast.Attribute(
                        attr=verb, value=ast.Attribute(attr="objects", value=ast.Name(id="Job"))
                    )
                ):
                    makers |= {path} if verb in MAKES else set()
    assert {str(path.relative_to(CHECKOUT)) for path in makers} == {"repository/services/jobs.py"}
