"""The recipes of one signal, fed block by block in file order; bands of a signal can be fed apart and merged."""

import json
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from processing.declarations.book import file_of
from processing.declarations.recipe import SHARED_MERGES, ChosenRecipe, load_function
from processing.engine.faults import tell_fault
from processing.engine.result_files import ReductionResult
from processing.reductions.facts import Made, SignalFacts
from processing.reductions.gathering import Gathered, Region
from processing.reductions.shared_pass import build_look, count_at_once
from repository.schema.findings import Finding

NUMBERS = "biufc"
Parts = list[Future[dict[str, npt.NDArray[Any]]]]


class RecipePass:
    """Takes blocks in order; `begin` starts work in threads, `complete` merges it.

    Parameters
    ----------
    facts
        What the recipes are told of the signal.
    chosen
        What is to be made; nothing is accumulated that none of them gathers.
    """

    def __init__(self, facts: SignalFacts, chosen: Sequence[ChosenRecipe]) -> None:
        self._facts = facts
        self._chosen = tuple(chosen)
        wanted = sorted({name for one in chosen for name in one.recipe.gathers})
        self._faults: dict[str, str] = {}
        self._gathering = tuple(one.recipe.name for one in chosen if one.recipe.gathers)
        self._look = self._attempt(self._gathering, partial(build_look, facts, wanted))
        self._step = count_at_once(facts)
        self._shared = Gathered(facts.leading_shape, {name: SHARED_MERGES[name] for name in wanted})
        self._own = {
            one.recipe.name: Gathered(
                facts.leading_shape, {own.name: own.merge for own in one.recipe.accumulates}, self._shared
            )
            for one in chosen
            if one.recipe.accumulates
        }
        self._begun: dict[str, Parts] = {}
        self._region: Region = ()

    @property
    def has_work(self) -> bool:
        """Whether anything is to be made."""
        return bool(self._chosen)

    def begin(self, region: Region, block: npt.NDArray[Any], executor: Executor) -> None:
        """Start the parts of a block in threads."""
        if not self._chosen:
            return
        self._region = region
        values = block.reshape(-1, *self._facts.signal_shape)
        parts = [values[start : start + self._step] for start in range(0, len(values), self._step)]
        self._begun = {}
        if not self._shared_failed:
            self._begun[""] = [executor.submit(self._look, part) for part in parts]
        for one in self._chosen:
            name = one.recipe.name
            if name in self._own and name not in self._faults:
                measure = self._attempt((name,), partial(load_function, one.recipe.measure))
                if measure is not None:
                    self._begun[name] = [
                        executor.submit(measure, part, self._facts, one.parameters) for part in parts
                    ]

    def complete(self) -> None:
        """Merge the parts in order, so that float sums do not depend on the threads."""
        begun, self._begun = self._begun, {}
        for name, parts in begun.items():
            self._attempt((name,) if name else self._gathering, partial(self._take, name, parts))

    @property
    def _shared_failed(self) -> bool:
        return bool(self._gathering) and all(name in self._faults for name in self._gathering)

    def _take(self, name: str, parts: Parts) -> None:
        gathered = self._own[name] if name else self._shared
        gathered.add(self._region, [part.result() for part in parts])

    def merge(self, other: "RecipePass") -> None:
        """Take what another pass with the same recipes made of another band of the signal; in any order."""
        self._shared.merge(other._shared)  # noqa: SLF001 - its own kind
        for name, own in other._own.items():  # noqa: SLF001
            self._own[name].merge(own)
        self._faults.update(other._faults)  # noqa: SLF001

    def finish(self) -> list[ReductionResult]:
        """Return all results, by the rank of their recipes; a recipe that fails has none and is named in `findings`."""
        results: list[ReductionResult] = []
        for one in self._chosen:
            gathered = self._own.get(one.recipe.name, self._shared)
            if one.recipe.name not in self._faults:
                made = self._attempt((one.recipe.name,), partial(self._run, one, gathered))
                results.extend(made or ())
        return results

    def _run(self, one: ChosenRecipe, gathered: Gathered) -> list[ReductionResult]:
        made: list[Made] = load_function(one.recipe.run)(gathered, self._facts, one.parameters)
        return [build_result(one, each) for each in made]

    def _attempt(self, names: Sequence[str], work: Callable[[], Any]) -> Any:
        """Do what some recipes need; where it fails they are the ones that are not made."""
        try:
            return work()
        except Exception as error:  # noqa: BLE001 - a reduction's fault is not the measurement's
            said = tell_fault(error)
            for name in names:
                self._faults.setdefault(name, said)
            return None

    @property
    def findings(self) -> list[Finding]:
        """What is to be said of recipes that failed."""
        return [
            Finding(
                "warning",
                "recipe_failed",
                f"{one.recipe.title} ({file_of(one.recipe.name)}) could not be made: "
                f"{self._faults[one.recipe.name][:300]}",
                hint="Readers have the array and the other results, and not this one. Write to the operator, or "
                "acknowledge it.",
                layer="reading",
            )
            for one in self._chosen
            if one.recipe.name in self._faults
        ]


def build_result(one: ChosenRecipe, made: Made) -> ReductionResult:
    """Return what a recipe made with what its declaration says of it.

    Raises
    ------
    ValueError
        The recipe does not declare such an output, gives no numbers along the axes that it names, or says something
        that JSON cannot.
    """
    output = one.recipe.find_output(made.output)
    if output is None:
        raise ValueError(f"the recipe {one.recipe.name} declares no output {made.output}")
    values = np.asarray(made.values)
    if values.dtype.kind not in NUMBERS or values.ndim != len(made.axes):
        raise ValueError(
            f"{made.output} is {values.dtype} of shape {list(values.shape)}, not numbers along {', '.join(made.axes)}"
        )
    json.dumps(made.parameters, allow_nan=False)  # it goes over a pipe
    return ReductionResult(
        recipe=one.recipe,
        output=output,
        values=values,
        axes=made.axes,
        unit=made.unit,
        asked=dict(one.parameters),
        parameters=dict(made.parameters),
        axis_steps=dict(made.axis_steps),
    )
