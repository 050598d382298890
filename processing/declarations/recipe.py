"""What a recipe is: how a product is made, said without computing anything.

Web, worker and confined programs read these declarations; only the standard library is imported for them.
"""

from __future__ import annotations

import importlib
import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from repository.schema.quantities.signals import SignalKind

ResultKind = Literal["pattern", "image", "vector_image", "color_image", "spectrum"]
Need = Literal["angles", "wavelength", "detector_to_scan", "scan_step"]
Merge = Literal["sum", "maximum", "place"]
Occasion = Literal["conversion", "request"]

_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
_FUNCTION = re.compile(r"[a-z_][\w.]*:[a-z_]\w*")

# What one look at a block gives to every recipe that gathers it, by kind of signal, and how bands of it merge. What
# each of them is stands with the code that takes it, `processing.reductions.shared_pass`.
SHARED: Mapping[SignalKind, Mapping[str, Merge]] = {
    "pattern_scan": {
        "pixel_sums": "sum",
        "pixel_maxima": "maximum",
        "valid": "sum",
        "detector_sums": "place",
        "totals": "place",
        "clean_totals": "place",
        "moments": "place",
    },
    "pattern_series": {"pixel_sums": "sum", "pixel_maxima": "maximum", "valid": "sum", "totals": "place"},
    "spectrum_scan": {"channel_sums": "sum", "channel_valid": "sum", "totals": "place"},
    "channel_maps": {"totals": "place"},
}
SHARED_MERGES: Mapping[str, Merge] = {
    name: merge for accumulators in SHARED.values() for name, merge in accumulators.items()
}


def _is_finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:  # a whole number with hundreds of digits
        return False


class BrokenRecipeError(ValueError):
    """A declaration contradicts itself; the sentence says where."""


class RecipeRefusedError(ValueError):
    """A recipe is not known here, or is asked for with values that it does not take; the sentence is for a person."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A number that a person may choose.

    Attributes
    ----------
    unit
        UCUM code; `1` for plain numbers, `px` for pixels.
    lowest, highest
        Both are allowed.
    is_whole
        Whether only integers are.
    """

    name: str
    title: str
    unit: str
    default: float
    lowest: float
    highest: float
    is_whole: bool = False

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise BrokenRecipeError(f"the parameter {self.name!r} needs a name in lower case")
        try:
            self.check(self.default)
        except RecipeRefusedError as error:
            raise BrokenRecipeError(f"the default of {self.name} is refused: {error}") from error

    def check(self, value: Any) -> float | int:
        """Return the value as a number.

        Raises
        ------
        RecipeRefusedError
            It is no number, not whole where it must be, or out of range.
        """
        if isinstance(value, bool) or not isinstance(value, int | float) or not _is_finite(value):
            raise RecipeRefusedError(f"{self.name} is a number, not {str(value)[:40]!r}.")
        if self.is_whole and value != int(value):
            raise RecipeRefusedError(f"{self.name} is a whole number, not {value:g}.")
        if not self.lowest <= value <= self.highest:
            raise RecipeRefusedError(
                f"{self.name} is {value:g} {self.unit}; it lies between {self.lowest:g} and {self.highest:g}."
            )
        return int(value) if self.is_whole else float(value)


@dataclass(frozen=True, slots=True)
class Accumulator:
    """What a recipe of its own keeps of every block, and how what two bands kept becomes one.

    `sum` and `maximum` have the shape of one pattern or spectrum, or any other that does not depend on the block.
    `place` has one entry for each position, in the order of the block; bands hold different positions.
    """

    name: str
    merge: Merge


@dataclass(frozen=True, slots=True)
class Output:
    """One array that a recipe makes.

    Attributes
    ----------
    name
        Its address below `…/reductions/`; unique among all recipes for a kind of signal.
    cover
        Rank among the pictures that can stand for a measurement in lists, the lowest first; None: not one of them.
    navigator
        Rank among the images in which a reader chooses the beam's place; None: not one of them.
    """

    name: str
    title: str
    kind: ResultKind
    description: str
    cover: int | None = None
    navigator: int | None = None

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name) or not self.title or not self.description:
            raise BrokenRecipeError(
                f"the output {self.name!r} needs a name in lower case, title and description"
            )
        if self.kind not in get_args(ResultKind):
            raise BrokenRecipeError(f"the output {self.name} is of the unknown kind {self.kind!r}")
        if not all(rank is None or isinstance(rank, int) for rank in (self.cover, self.navigator)):
            raise BrokenRecipeError(f"the ranks of the output {self.name} are whole numbers or None")


@dataclass(frozen=True, slots=True)
class Recipe:
    """How products are made from a signal.

    Attributes
    ----------
    version
        Raised whenever the same values would give other results.
    applies_to
        Kinds of signals.
    made
        With every `conversion`, or on `request` only.
    rank
        Order of its products among those of other recipes.
    gathers
        Names of what the shared pass accumulates for it (`SHARED`).
    needs
        Which of the metadata decide the result; where they change it is made again.
    accumulates, measure
        What it keeps of its own of every block, and the function `module:function` that takes it, called as
        ``measure(patterns, facts, parameters)`` in threads; it returns a mapping with those names.
    run
        The function `module:function`, called as ``run(gathered, facts, parameters)`` after the last block; it returns
        a list of `processing.reductions.gathering.Made`. Both are imported when they are called.
    """

    name: str
    version: int
    title: str
    description: str
    applies_to: tuple[SignalKind, ...]
    outputs: tuple[Output, ...]
    run: str
    rank: int
    made: Occasion = "conversion"
    gathers: tuple[str, ...] = ()
    needs: tuple[Need, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    accumulates: tuple[Accumulator, ...] = ()
    measure: str = ""

    def __post_init__(self) -> None:
        for problem in self._list_problems():
            raise BrokenRecipeError(problem)

    def _list_problems(self) -> list[str]:
        functions = [self.run, *([self.measure] if self.accumulates or self.measure else [])]
        outputs = [output.name for output in self.outputs]
        parameters = self.parameters if isinstance(self.parameters, tuple) else (None,)
        names = [one.name for one in parameters if isinstance(one, Parameter)]
        unknown = [
            name for kind in self.applies_to for name in self.gathers if name not in SHARED.get(kind, ())
        ]
        checks = {
            f"{self.name!r} is no name in lower case": not _NAME.fullmatch(self.name),
            "a version is 1 or higher": not (isinstance(self.version, int) and self.version >= 1),
            "a recipe needs title and description": not (self.title and self.description),
            "it applies to nothing that is accumulated": not self.applies_to
            or any(kind not in SHARED for kind in self.applies_to),
            "it has no outputs, or one twice": not outputs or len(set(outputs)) < len(outputs),
            f"nothing accumulates {', '.join(unknown)}": bool(unknown),
            "its parameters are no tuple of Parameter": len(names) < len(parameters),
            "it has a parameter twice": len(set(names)) < len(names),
            "its rank is no whole number": not isinstance(self.rank, int),
            "functions are named module:function": not all(map(_FUNCTION.fullmatch, functions)),
            "what it accumulates needs a function that measures it": bool(self.measure)
            != bool(self.accumulates),
            "an accumulator of its own is named as a shared one": any(
                own.name in shared for own in self.accumulates for shared in SHARED.values()
            ),
            "it is made with every conversion or on request": self.made not in get_args(Occasion),
            "it needs something unknown": not set(self.needs) <= set(get_args(Need)),
        }
        return [sentence for sentence, is_broken in checks.items() if is_broken]

    def check_parameters(self, given: Mapping[str, Any]) -> dict[str, float | int]:
        """Return a value for every parameter, defaults where none is given.

        Raises
        ------
        RecipeRefusedError
            A name is not one of the parameters, or a value is not within its range.
        """
        known = {parameter.name: parameter for parameter in self.parameters}
        for name in given:
            if name not in known:
                takes = ", ".join(known) or "none"
                raise RecipeRefusedError(
                    f"The recipe {self.name} has no parameter {str(name)[:40]!r}; it takes {takes}."
                )
        return {name: known[name].check(given.get(name, known[name].default)) for name in known}

    def find_output(self, name: str) -> Output | None:
        """Return the output of that name."""
        return next((output for output in self.outputs if output.name == name), None)


@dataclass(frozen=True, slots=True)
class ChosenRecipe:
    """A recipe with a value for each of its parameters."""

    recipe: Recipe
    parameters: Mapping[str, float | int]


def is_real(dtype: str) -> bool:
    """Return whether values of a type, by its name, can be counted and compared; complex ones cannot."""
    return not dtype.startswith("complex")


def load_function(name: str) -> Callable[..., Any]:
    """Import what a recipe calls `module:function`."""
    module, _, function = name.partition(":")
    found: Callable[..., Any] = getattr(importlib.import_module(module), function)
    return found
