"""The tail of the code base is watched: long files, long functions, drawers, things left to be done."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

from project.environment import CHECKOUT

LONGEST_FILE = 400
LONGEST_FUNCTION = 50
# A path, or a path and a function, with why it may be longer.
REASONS = {
    "tests/unit/export/conftest.py:record": "one literal record, field by field",
    "tests/api/test_permission_matrix.py": "the matrix is one table, read as a whole",
}
GENERATED = re.compile(
    r"(^|/)(migrations|generated|releases)/|package-lock\.json$|openapi\.yaml$|^requirements/"
)
DRAWERS = {
    "util",
    "utils",
    "helper",
    "helpers",
    "common",
    "misc",
    "manager",
    "managers",
    "stuff",
    "tools2",
    "base",
}
# Left to be done is written in an issue, not in the code. Spelled so that this file does not find itself.
LATER = re.compile(r"\b(" + "|".join(("TO" + "DO", "FIX" + "ME", "HA" + "CK")) + r")\b")
OURS = re.compile(r"\.(py|ts|mjs|css|html|sh|toml)$")


def list_files() -> list[str]:
    """Return the files that people write."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [
        name
        for name in listed.stdout.splitlines()
        if OURS.search(name) and not GENERATED.search(name) and (CHECKOUT / name).exists()
    ]


def list_functions(name: str) -> Iterator[tuple[str, int]]:
    """Yield every function with its length, its docstring not counted."""
    for node in ast.walk(ast.parse((CHECKOUT / name).read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0]
            documented = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
            docstring = (first.end_lineno or 0) - first.lineno + 1 if documented else 0
            yield node.name, (node.end_lineno or 0) - node.lineno + 1 - docstring


def test_no_file_is_longer_than_a_person_reads() -> None:
    lengths = {name: len((CHECKOUT / name).read_text(encoding="utf-8").splitlines()) for name in list_files()}
    assert {name: n for name, n in lengths.items() if n > LONGEST_FILE and name not in REASONS} == {}


def test_no_function_is_longer_than_a_screen() -> None:
    too_long = {
        f"{name}:{function}": length
        for name in list_files()
        if name.endswith(".py")
        for function, length in list_functions(name)
        if length > LONGEST_FUNCTION
    }
    assert {key: length for key, length in too_long.items() if key not in REASONS} == {}


def test_reasons_are_about_something_that_exists() -> None:
    for reason in REASONS:
        name, _, function = reason.partition(":")
        assert (CHECKOUT / name).exists(), reason
        assert not function or function in dict(list_functions(name)), reason


def test_nothing_is_left_to_be_done() -> None:
    marked = [
        f"{name}:{number}"
        for name in list_files()
        for number, line in enumerate((CHECKOUT / name).read_text(encoding="utf-8").splitlines(), start=1)
        if LATER.search(line) and name != "tests/architecture/test_docs.py"
    ]
    assert marked == []


def test_no_file_is_a_drawer() -> None:
    """A name says what is inside, in the words of the field."""
    named = {
        name for name in list_files() if {part.lower() for part in Path(name).with_suffix("").parts} & DRAWERS
    }
    # What every page begins with is called so by everybody who writes templates; Django asks an ENGINE for its `base`.
    assert {
        name for name in named if not name.endswith(("base.html", "base.css", "postgresql/base.py"))
    } == set()
