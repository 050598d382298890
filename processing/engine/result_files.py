"""Reduction results as files: `.npy` arrays and one `reductions.json` that says what each of them is."""

import hashlib
import io
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

ResultKind = Literal["pattern", "image", "vector_image", "spectrum"]
INDEX_NAME = "reductions.json"


@dataclass(frozen=True, slots=True)
class ReductionResult:
    """One reduction in memory.

    Attributes
    ----------
    name, title
        Field name (`annular_dark_field`) and what a page calls it.
    axes
        Names of the axes of `values`.
    parameters
        Everything needed to do it again.
    """

    name: str
    title: str
    kind: ResultKind
    values: npt.NDArray[Any]
    axes: tuple[str, ...]
    unit: str | None
    parameters: dict[str, Any] = field(default_factory=dict)


def write_results(folder: Path, results: list[ReductionResult]) -> list[dict[str, Any]]:
    """Write every result and the index; return the index entries with size and sha256 of each file."""
    folder.mkdir(parents=True, exist_ok=True)
    entries = [_write_result(folder, result) for result in results]
    index = json.dumps({"reductions": entries}, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    (folder / INDEX_NAME).write_text(index, encoding="utf-8")
    return entries


def _write_result(folder: Path, result: ReductionResult) -> dict[str, Any]:
    buffer = io.BytesIO()
    np.save(buffer, np.ascontiguousarray(result.values), allow_pickle=False)
    encoded = buffer.getvalue()
    name = f"{result.name}.npy"
    (folder / name).write_bytes(encoded)
    return {
        "name": result.name,
        "title": result.title,
        "kind": result.kind,
        "file": name,
        "shape": list(result.values.shape),
        "dtype": result.values.dtype.name,
        "axes": list(result.axes),
        "unit": result.unit,
        "parameters": result.parameters,
        "size": len(encoded),
        "sha256": hashlib.sha256(encoded).hexdigest(),
    }
