"""Production code holds nothing that only tests use: harnesses and second implementations stand in `tests`."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from project.environment import CHECKOUT

ROOMS = ("project", "repository", "confined", "ingest", "processing", "api", "frontend")
# Found by their place, by a registry, by Django or by a declaration beside them.
FOUND_BY_PLACE = re.compile(
    r"^(ingest/formats/\w+/|processing/recipes/|repository/exports/|repository/selectors/grants/|api/byte_routes/|api/management/commands/"
    r"|\w+/(apps|admin|urls|tasks)\.py$|repository/migrations/)|/__(init|main)__\.py$"
)
# Run or read by name; where the name is put together, no text holds it.
NAMED_ELSEWHERE = {
    "project/postgresql/base.py": "Django looks for `base` in the package that ENGINE names",
    "frontend/templatetags/stemma.py": "templates load it",
    "repository/workflows/fixity.py": "Celery looks for `fixity` in the package that project/celery.py names",
    "repository/schema/versions/freezing.py": "python -m, once for each version",
}


def list_modules() -> list[str]:
    """Return the files of the rooms that must have somebody who uses them."""
    names = (
        path.relative_to(CHECKOUT).as_posix() for room in ROOMS for path in (CHECKOUT / room).rglob("*.py")
    )
    return sorted(name for name in names if not FOUND_BY_PLACE.search(name))


def list_named(path: Path) -> Iterator[str]:
    """Yield the modules that a file imports or names in a text."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.Import(names=names):
                yield from (one.name for one in names)
            case ast.ImportFrom(module=str(module), names=names):
                yield module
                yield from (f"{module}.{one.name}" for one in names)
            case ast.Constant(value=str(text)):
                yield from re.findall(r"\w+(?:\.\w+)+", text)


def find_unused(modules: list[str]) -> list[str]:
    """Return what no other file of the rooms, no tool and no settings of a deployment names."""
    named = {
        (name, user)
        for room in (*ROOMS, "tools")
        for path in (CHECKOUT / room).rglob("*.py")
        for user in [path.relative_to(CHECKOUT).as_posix()]
        for name in list_named(path)
    }
    users: dict[str, set[str]] = {}
    for name, user in named:
        users.setdefault(name, set()).add(user)
        users.setdefault(name.rpartition(".")[0], set()).add(user)  # a name inside the module
    dotted = {module: module.removesuffix(".py").replace("/", ".") for module in modules}
    return [module for module, name in dotted.items() if not users.get(name, set()) - {module}]


def test_nothing_is_there_for_tests_alone() -> None:
    unused = set(find_unused(list_modules()))
    assert unused - set(NAMED_ELSEWHERE) == set(), "it belongs into tests, or nowhere"
    assert set(NAMED_ELSEWHERE) <= unused, "a reason that nothing needs any more"


def test_what_nobody_names_is_found() -> None:
    assert find_unused(["tests/whole_stack.py", "project/stack/home.py"]) == ["tests/whole_stack.py"]
