"""Whoever starts a program ties it to itself, so that a kill leaves nothing behind."""

import ast
from collections.abc import Iterator
from pathlib import Path

from project.environment import CHECKOUT

STARTS = {"Popen", "run", "call", "check_call", "check_output"}
TIES = {"tie", "compose_launcher"}
ROOMS = ("project", "repository", "confined", "ingest", "processing", "api", "frontend", "tools", "tests")
# Each with the reason; the number is how many calls it may excuse.
FREE = {
    "project/stack/background.py": (1, "a Stemma in the background outlives its command"),
    "project/stack/system_user.py": (2, "useradd must not be cut off; test -x is over at once"),
    "project/stack/deposit_examples.py": (2, "tied in _write_command"),
    "confined/sandbox/processes.py": (1, "the child asks for it itself, and looks who its parent is"),
    "confined/sandbox/forking.py": (1, "the zygote asks for it itself, and looks who its parent is"),
    "processing/services/compiled_code.py": (1, "the child asks for it itself, and looks who its parent is"),
    "tests/benchmarks/__main__.py": (1, "tied where the words are put together"),
    "tests/unit/sandbox/programs/hostile.py": (1, "must be refused"),
    "tests/unit/sandbox/test_ordinary_user.py": (1, "its own setpriv with --pdeathsig"),
    "tests/unit/stack/test_pieces.py": (1, "true"),
    "tests/unit/stack/test_stale_lock.py": (3, "true"),
    "tests/architecture/test_shape.py": (1, "git ls-files"),
    "tests/architecture/test_compose.py": (2, "a script that writes one file"),
    "tests/integration/stack/conftest.py": (3, "useradd and userdel; the watcher, which waits for our end"),
    "tests/integration/stack/test_accounts.py": (1, "chown"),
    "tools/openapi.py": (1, "tied where the words are put together"),
}


def is_tied(call: ast.Call) -> bool:
    """Tell whether the command line is made by one of the ties."""
    inside = ast.walk(call.args[0]) if call.args else iter(())
    names = {
        node.func.id for node in inside if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    return bool(names & TIES)


def list_untied(path: Path) -> Iterator[int]:
    """Yield the lines on which a program is started that may outlive whoever started it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        function = node.func
        is_start = (
            function.attr in STARTS
            and isinstance(function.value, ast.Name)
            and function.value.id == "subprocess"
        )
        if is_start and not is_tied(node):
            yield node.lineno


def test_every_program_ends_with_whoever_starts_it() -> None:
    found = {
        str(path.relative_to(CHECKOUT)): lines
        for room in ROOMS
        for path in sorted((CHECKOUT / room).rglob("*.py"))
        if (lines := list(list_untied(path)))
    }
    more = {name: lines for name, lines in found.items() if len(lines) > FREE.get(name, (0, ""))[0]}
    assert more == {}, "start it with `tie`, or say in FREE why it may outlive its parent"
