"""Every sentence of the code that a person may read: no class names, no folders, in any finding or problem."""

import ast
from collections.abc import Iterator
from pathlib import Path

from project.environment import CHECKOUT
from repository.schema.plain_text import hide_internals

ROOMS = ("project", "repository", "confined", "ingest", "processing", "api", "frontend")
SPOKEN = {"message", "hint", "detail"}
CALLS = {"Finding", "refuse", "build_problem", "refuse_finding", "_finding"}


def list_sentences(path: Path) -> Iterator[str]:
    """Yield the text of what findings, refusals and problems are made of; what is filled in is left out."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name not in CALLS and not name.endswith("Error"):
            continue
        spoken = [*node.args, *(word.value for word in node.keywords if word.arg in SPOKEN)]
        for argument in spoken:
            parts = [part.value for part in ast.walk(argument) if isinstance(part, ast.Constant)]
            text = "".join(part for part in parts if isinstance(part, str))
            if text:
                yield f"{text}…"


def test_no_sentence_shows_the_program() -> None:
    files = [path for room in ROOMS for path in (CHECKOUT / room).rglob("*.py")]
    said = [(path.name, sentence) for path in files for sentence in list_sentences(path)]
    assert len(said) > 300
    assert [(name, sentence) for name, sentence in said if hide_internals(sentence) != sentence] == []


def test_no_sentence_is_filled_with_the_name_of_a_class() -> None:
    """`type(error).__name__` in what a person reads; what goes to the log or between processes is no sentence."""
    spoken = []
    for path in (path for room in ROOMS for path in (CHECKOUT / room).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in CALLS | {"RepositoryError"}:
                text = ast.unparse(node)
                spoken += [(path.name, text)] if "__name__" in text else []
    assert spoken == []
