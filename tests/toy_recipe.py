"""A recipe that exists in tests only: one file, put into a folder of its own."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import processing.recipes
from processing.declarations import book

TOY = """
from processing.declarations.recipe import Output, Parameter, Recipe

RECIPE = Recipe(
    name="toy",
    version=3,
    title="Toy recipe",
    description="Doubles the summed intensity.",
    applies_to=("pattern_scan",),
    made="request",
    gathers=("totals",),
    parameters=(Parameter("factor", "Factor", "1", 2.0, 0.5, 9.0),),
    outputs=(Output("toy_image", "Toy image", "image", "Twice the intensity.", cover=1, navigator=1),),
    run="processing.recipes.toy:run",
    rank=5,
)


def run(gathered, facts, parameters):
    from processing.reductions.facts import Made

    return [Made("toy_image", gathered["totals"] * parameters["factor"], facts.leading_names, None)]
"""


@contextmanager
def recipes_from(folder: Path, monkeypatch: pytest.MonkeyPatch, **files: str) -> Iterator[None]:
    """Let the folder belong to the recipes of this process while it holds these files."""
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / f"{name}.py").write_text(text)
    monkeypatch.setattr(processing.recipes, "__path__", [*processing.recipes.__path__, str(folder)])
    book.get_book.cache_clear()
    try:
        yield
    finally:
        for name in files:
            sys.modules.pop(f"processing.recipes.{name}", None)
        book.get_book.cache_clear()
