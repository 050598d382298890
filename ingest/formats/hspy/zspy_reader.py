"""HyperSpy zspy: the tree of hspy in a Zarr store of version 2, as one ZIP of its keys.

Header document: that of hspy, ``{"file_format_version": …, "metadata": {…}, "original_metadata": {…}, "signals":
{name: {"experiment", "metadata", "original_metadata"}}}``. Learning results, models and markers stay in the file;
ragged arrays hold objects and are refused.
"""

import math
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ingest.formats.hspy.axes import (
    AxisWords,
    build_axes,
    count_signal_axes,
    fold_run,
    name_axes,
    place_samples,
    read_number,
    tell_odd_axes,
    work_out_samples,
)
from ingest.readers.axis_answers import AxisMeaning
from ingest.readers.bare_arrays import build_signal
from ingest.readers.contract import OpenedFile, ReadHints, ReadRefusedError, SignalSource
from ingest.readers.header_json import to_json
from ingest.readers.implausible_scales import tell_unknown_units
from ingest.readers.refusals import decline, tell, warn
from ingest.readers.signal_names import name_signals
from ingest.readers.units import intensity_unit
from ingest.readers.zarr.store import open_store
from ingest.readers.zarr.tree import ZarrTree, check_array, read_tree, tell_strangers
from repository.schema.findings import Finding

VERSION = "1"
_EXPERIMENTS = "Experiments/"
_NOTHING = "_None_"
# What HyperSpy computed of the data, what it calls to mind of itself, and what was pickled.
_NO_HEADER = ("learning_results", "peak_learning_results", "_bs_", "_hspy_", "_sig_", "Markers")


def open_zspy(files: Mapping[str, Path], hints: ReadHints) -> OpenedFile:
    """Open a store of HyperSpy."""
    path = next(iter(files.values()))
    with ExitStack() as resources:
        tree = read_tree(open_store(path, resources))
        experiments = _list_experiments(tree, path.name)
        titles = [where.removeprefix(_EXPERIMENTS) for where in experiments]
        sizes = [_measure(tree, where) for where in experiments]
        findings: list[Finding] = []
        signals: dict[str, SignalSource] = {}
        described: dict[str, Any] = {}
        refusals: list[ReadRefusedError] = []
        for name, where in zip(name_signals(titles, sizes), experiments, strict=True):
            try:
                signals[name], found = _open_experiment(tree, where, name=name, hints=hints)
            except ReadRefusedError as error:
                refusals.append(error)
                continue
            findings += found
            described[name] = _describe(tree, where)
        if "data" not in signals:
            raise refusals[0] if refusals else decline("no_array_found", f"{path.name} holds no experiment.")
        kept = "Readers see the other experiments; this one is in the file alone."
        findings += [warn(error.finding.code, error.finding.message, kept) for error in refusals]
        findings += [*_tell_damaged(tree, path.name), *tell_strangers(tree.store)]
        header = {**tree.attributes.get("", {}), **described["data"], "signals": described}
        opened = resources.pop_all()
    ordered = sorted(signals.values(), key=lambda signal: signal.name != "data")
    return OpenedFile("zspy", VERSION, tuple(ordered), to_json(header), tuple(findings), opened)


def _list_experiments(tree: ZarrTree, name: str) -> list[str]:
    """Return the groups with `data`; of a title with slashes Zarr makes groups in each other, as HDF5 does."""
    found = sorted(
        {
            where.removesuffix("/data")
            for where in (*tree.arrays, *tree.refused)
            if where.startswith(_EXPERIMENTS) and where.endswith("/data")
        }
    )
    # Words of an experiment may be called `data` too: they lie within one.
    outer = [where for where in found if not any(where.startswith(f"{other}/") for other in found)]
    if not outer:
        raise decline(
            "no_array_found", f"{name} holds no experiment: no array called data below Experiments."
        )
    return outer


def _measure(tree: ZarrTree, where: str) -> tuple[int, int]:
    layout = tree.arrays.get(f"{where}/data")
    if layout is None:
        return 0, 0
    return len(layout.shape), math.prod(layout.shape)


def _open_experiment(
    tree: ZarrTree, where: str, *, name: str, hints: ReadHints
) -> tuple[SignalSource, list[Finding]]:
    file = tree.store.name
    refused = tree.refused.get(f"{where}/data")
    if refused is not None:
        raise refused
    numbers = tree.open_numbers(f"{where}/data")
    findings = check_array(numbers)
    axes = _axes_of(tree, where, len(numbers.shape))
    said = tree.attributes.get(f"{where}/metadata/Signal", {})
    signal_type = _text(said.get("signal_type"))
    n_signal = count_signal_axes(axes, _text(said.get("record_by")))
    names = name_axes(axes, n_signal, signal_type=signal_type, is_scanned=_is_scanned(tree, where))
    built = build_axes(axes, names, numbers.shape)
    findings += tell_odd_axes(axes, built, file)
    findings += tell_unknown_units((str(axis.get("units") or "") for axis in axes), file)
    built, origin, asked = fold_run(built, n_signal, file, hints)
    if len(built) > len(numbers.shape):
        numbers = numbers.fold_first(built[0].size, built[1].size)
    elif len(built) < len(numbers.shape):
        numbers = replace(numbers, squeezed=(0,))
    meaning = AxisMeaning(tuple(axis.name for axis in built), tuple(range(len(built))), n_signal, origin)
    unit = intensity_unit(_text(said.get("quantity")).partition("(")[2].rstrip(")"))
    signal = build_signal(
        name,
        numbers,
        meaning,
        origin,
        title=where.removeprefix(_EXPERIMENTS),
        axes=built,
        intensity_unit=unit,
    )
    return signal, [*findings, *asked]


def _text(value: Any) -> str:
    return value if isinstance(value, str) and value != _NOTHING else ""


def _is_scanned(tree: ZarrTree, where: str) -> bool:
    said = tree.attributes.get(f"{where}/metadata/Acquisition_instrument/TEM", {})
    return _text(said.get("acquisition_mode")).startswith("STEM")


def _axes_of(tree: ZarrTree, where: str, ndim: int) -> list[AxisWords]:
    """Return the axes in array order; one that the file lacks is empty.

    One whose samples are listed (`DataAxis`) or follow a formula (`FunctionalDataAxis`) gets a scale where they are
    linear, else `positions`.
    """
    found: list[AxisWords] = [{} for _ in range(ndim)]
    for number in range(ndim):
        path = f"{where}/axis-{number}"
        if path not in tree.attributes:
            continue
        axis = {key: None if value == _NOTHING else value for key, value in tree.attributes[path].items()}
        place_samples(axis, _list_samples(tree, path, axis))
        stated = read_number(axis.get("index_in_array"))
        place = number if stated is None or not 0 <= stated < ndim else int(stated)
        found[place] = axis
    return found


def _list_samples(tree: ZarrTree, path: str, axis: Mapping[str, Any]) -> npt.NDArray[np.float64] | None:
    """Return where the samples of an axis lie, if it lists them or has a formula; None where it has a step."""
    listed = tree.read_short(f"{path}/axis")
    if listed is not None:
        return np.asarray(listed, np.float64)
    inner = tree.attributes.get(f"{path}/x")
    return None if inner is None else work_out_samples(axis, inner, _list_samples(tree, f"{path}/x", inner))


def _describe(tree: ZarrTree, where: str) -> dict[str, Any]:
    keep = ("metadata", "original_metadata")
    found = {
        key: _without_nothing(tree.describe(f"{where}/{key}", leave_out=_NO_HEADER))
        for key in keep
        if f"{where}/{key}" in tree.attributes
    }
    return {"experiment": where.removeprefix(_EXPERIMENTS), **found}


def _without_nothing(words: Any) -> Any:
    """Return what was saved with HyperSpy's word for nothing as nothing."""
    if isinstance(words, dict):
        return {key: _without_nothing(value) for key, value in words.items()}
    return None if isinstance(words, str) and words == _NOTHING else words


def _tell_damaged(tree: ZarrTree, name: str) -> list[Finding]:
    """Say which descriptions beside the experiments cannot be read: a part of the header may be lost."""
    lost = [
        where
        for where, error in tree.refused.items()
        if error.finding.severity == "error" and not where.endswith("/data")
    ]
    if not lost:
        return []
    why = tree.refused[lost[0]].finding.message
    message = f"{len(lost)} descriptions in {name} cannot be read, {lost[0]} first: {why}"
    return [
        tell("zarr_node_unread", message, "What they said is not among the metadata. Pack the store again.")
    ]
