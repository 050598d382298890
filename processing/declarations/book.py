"""The recipes that there are: every file in `processing/recipes`. Adding one is adding a file."""

import importlib
import pkgutil
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache

from processing.declarations.manifest import AskedRecipe
from processing.declarations.recipe import ChosenRecipe, Output, Recipe, RecipeRefusedError, load_function
from repository.schema.quantities.signals import SignalKind

PACKAGE = "processing.recipes"


@dataclass(frozen=True, slots=True)
class RecipeBook:
    """All recipes by rank, and a sentence for each file that could not be taken in; the others work without it."""

    recipes: tuple[Recipe, ...]
    problems: tuple[str, ...] = ()

    def find(self, name: str) -> Recipe | None:
        """Return the recipe of that name."""
        return next((recipe for recipe in self.recipes if recipe.name == name), None)

    def get(self, name: str, version: int | None = None) -> Recipe:
        """Return the recipe of that name, in that version where one is asked for.

        Raises
        ------
        RecipeRefusedError
            There is none, or only another version of it.
        """
        recipe = self.find(name)
        if recipe is None:
            known = ", ".join(recipe.name for recipe in self.recipes)
            raise RecipeRefusedError(f"There is no recipe {name[:64]!r}; there are {known}.")
        if version is not None and recipe.version != version:
            raise RecipeRefusedError(
                f"{file_of(name)} holds version {recipe.version} of its recipe; version {version} was asked for."
            )
        return recipe

    def list_for(self, kind: SignalKind | None, *, on_request: bool = False) -> tuple[Recipe, ...]:
        """Return the recipes for a kind of signal: those that come with its conversion, or all."""
        return tuple(
            recipe
            for recipe in self.recipes
            if kind in recipe.applies_to and (on_request or recipe.made == "conversion")
        )

    def load_functions(self) -> None:
        """Import what computes, ahead of the first use; what cannot be imported is said when it is run."""
        for recipe in self.recipes:
            for name in (recipe.run, recipe.measure):
                with suppress(Exception):  # whatever is wrong with one file, the others are loaded
                    load_function(name or recipe.run)

    def find_output(self, name: str) -> Output | None:
        """Return the output of that name, whichever recipe makes it."""
        return next((output for recipe in self.recipes if (output := recipe.find_output(name))), None)


@cache
def get_book() -> RecipeBook:
    """Return the recipes of this installation, read once per process."""
    return read_book()


def read_book() -> RecipeBook:
    """Import every file of the folder; one that is broken, or repeats a name, is left out with a sentence."""
    problems: list[str] = []
    recipes: list[Recipe] = []
    for name in sorted(
        {info.name for info in pkgutil.iter_modules(importlib.import_module(PACKAGE).__path__)}
    ):
        try:
            recipe = importlib.import_module(f"{PACKAGE}.{name}").RECIPE
        except Exception as error:  # noqa: BLE001 - whatever is wrong with one file, the others are read
            problems.append(f"{file_of(name)}: {error or type(error).__name__}")
            continue
        problem = _find_problem(name, recipe, recipes)
        if problem:
            problems.append(f"{file_of(name)}: {problem}")
        else:
            recipes.append(recipe)
    return RecipeBook(tuple(sorted(recipes, key=lambda one: (one.rank, one.name))), tuple(problems))


def _find_problem(name: str, recipe: object, others: Iterable[Recipe]) -> str | None:
    if not isinstance(recipe, Recipe):
        return "RECIPE is not a Recipe"
    if recipe.name != name:
        return f"its recipe is called {recipe.name}; file and recipe have the same name"
    for other in others:
        if set(other.applies_to) & set(recipe.applies_to):
            twice = {one.name for one in recipe.outputs} & {one.name for one in other.outputs}
            if twice:
                return f"{', '.join(sorted(twice))} is made by {file_of(other.name)} too"
    return None


def choose_recipes(asked: Sequence[AskedRecipe]) -> tuple[ChosenRecipe, ...] | None:
    """Return the recipes of an order with all their parameters; None where it names none.

    Raises
    ------
    RecipeRefusedError
        A recipe is not here in that version, or a parameter is out of its range.
    """
    if not asked:
        return None
    book = get_book()
    found = [(book.get(one.name, one.version), one.parameters) for one in asked]
    return tuple(ChosenRecipe(recipe, recipe.check_parameters(given)) for recipe, given in found)


def file_of(name: str) -> str:
    """Return the file of a recipe as a person finds it."""
    return f"{PACKAGE.replace('.', '/')}/{name}.py"
