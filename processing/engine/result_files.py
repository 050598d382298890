"""Reduction results as files: `.npy` arrays and one `reductions.json` that says what each of them is."""

import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from processing.declarations.manifest import ReductionEntry
from processing.declarations.recipe import Output, Recipe
from processing.reductions.facts import Step

INDEX_NAME = "reductions.json"


@dataclass(frozen=True, slots=True)
class ReductionResult:
    """One result in memory, with the declaration of what it is.

    Attributes
    ----------
    axes
        Names of the axes of `values`.
    asked
        The parameters that its recipe was given.
    parameters
        What a reader must know of how it was made.
    axis_steps
        Offset and step of axes that the signal does not have.
    """

    recipe: Recipe
    output: Output
    values: npt.NDArray[Any]
    axes: tuple[str, ...]
    unit: str | None
    asked: dict[str, Any] = field(default_factory=dict)
    parameters: dict[str, Any] = field(default_factory=dict)
    axis_steps: Mapping[str, tuple[float, Step]] = field(default_factory=dict)


def write_results(folder: Path, results: Sequence[ReductionResult]) -> tuple[ReductionEntry, ...]:
    """Write every result and the index; return the index entries with size and sha256 of each file."""
    folder.mkdir(parents=True, exist_ok=True)
    entries = tuple(_write_result(folder, result) for result in results)
    index = {"reductions": [entry.as_dict() for entry in entries]}
    text = json.dumps(index, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    (folder / INDEX_NAME).write_text(text, encoding="utf-8")
    return entries


def _write_result(folder: Path, result: ReductionResult) -> ReductionEntry:
    buffer = io.BytesIO()
    np.save(buffer, np.ascontiguousarray(result.values), allow_pickle=False)
    encoded = buffer.getvalue()
    name = f"{result.output.name}.npy"
    (folder / name).write_bytes(encoded)
    return ReductionEntry(
        name=result.output.name,
        recipe=result.recipe.name,
        recipe_version=result.recipe.version,
        title=result.output.title,
        kind=result.output.kind,
        file=name,
        shape=result.values.shape,
        dtype=result.values.dtype.name,
        axes=result.axes,
        unit=result.unit,
        size=len(encoded),
        sha256=hashlib.sha256(encoded).hexdigest(),
        asked=result.asked,
        parameters=result.parameters,
        axis_steps={
            axis: {"offset": offset, "scale": step.value, "unit": step.unit}
            for axis, (offset, step) in result.axis_steps.items()
        },
    )
