"""HyperSpy hspy (and its older .hdf5): one signal per experiment in the file, axes in the order of the array.

Header document: ``{"file_format_version": …, "metadata": {…}, "original_metadata": {…}, "signals": {…}}``.
``metadata`` and ``original_metadata`` are those of the signal `data`, under HyperSpy's own paths
(``metadata.Acquisition_instrument.TEM.{beam_energy keV, convergence_angle mrad, beam_current nA,
camera_length mm, Detector.EELS.collection_angle mrad, Stage.tilt_alpha deg}``, ``metadata.General.{title,
date, time}``, ``metadata.Signal.signal_type``, ``metadata.Sample``); files of version 1.0 have
``mapped_parameters`` and ``original_parameters`` instead. ``signals.<name>`` holds the same for every
signal, with ``experiment``, the name in the file. Pickled values are never opened.
"""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt

from ingest.formats.hspy.axes import (
    build_axes,
    count_signal_axes,
    fold_run,
    name_axes,
    place_samples,
    read_number,
    tell_odd_axes,
    work_out_samples,
)
from ingest.readers.contract import OpenedFile, ReadHints, ReadRefusedError, SignalSource
from ingest.readers.hdf5.access import get_child, open_hdf5, refuse_damage
from ingest.readers.hdf5.attributes import find_object, find_text, read_attributes
from ingest.readers.hdf5.source import DatasetSource, check_dataset
from ingest.readers.hdf5.tree import read_tree
from ingest.readers.hdf5.unread import tell_unread
from ingest.readers.hdf5.vectors import read_vector
from ingest.readers.header_json import to_json
from ingest.readers.implausible_scales import tell_unknown_units
from ingest.readers.refusals import decline, warn
from ingest.readers.signal_names import name_signals
from ingest.readers.units import intensity_unit
from repository.schema.findings import Finding

VERSION = "1"
_MOST_NAMED = 5
_DEEPEST_TITLE = 8  # slashes in a title


def _axes_of(experiment: h5py.Group, ndim: int) -> list[dict[str, Any]]:
    """Return the axis dictionaries in array order; axes that the file lacks are empty.

    One whose samples are listed (`DataAxis`) or follow a formula (`FunctionalDataAxis`) gets a scale where they are
    linear, else `positions`.
    """
    found: list[dict[str, Any]] = [{} for _ in range(ndim)]
    for number in range(ndim):
        if f"axis-{number}" in experiment:
            group = experiment[f"axis-{number}"]
            axis = read_attributes(group)
            stated = read_number(axis.get("index_in_array"))
            place = number if stated is None else int(stated)
            place_samples(axis, _list_samples(group, axis))
            found[place if 0 <= place < ndim else number] = axis
    return found


def _list_samples(group: h5py.Group, axis: dict[str, Any]) -> npt.NDArray[np.float64] | None:
    """Return where the samples of an axis lie, if it lists them or has a formula; None where it has a step."""
    listed = find_object(group, "axis")
    if isinstance(listed, h5py.Dataset):
        return read_vector(listed)
    put_in = find_object(group, "x")
    if not isinstance(put_in, h5py.Group):
        return None
    inner = read_attributes(put_in)
    return work_out_samples(axis, inner, _list_samples(put_in, inner))


def _signal_type(experiment: h5py.Group) -> tuple[str, str]:
    """Return (signal type, record_by) of any file version."""
    for key in ("metadata/Signal", "mapped_parameters"):
        if key in experiment:
            group = experiment[key]
            return find_text(group, "signal_type"), find_text(group, "record_by")
    return "", ""


def _is_scanned(experiment: h5py.Group) -> bool:
    key = "metadata/Acquisition_instrument/TEM"
    mode = find_text(experiment[key], "acquisition_mode") if key in experiment else ""
    return mode.startswith("STEM")


def _open_experiment(
    experiment: h5py.Group, *, name: str, path: Path, file: str, hints: ReadHints
) -> tuple[SignalSource, list[Finding]]:
    where = f"{experiment.name}/data".lstrip("/")
    dataset = get_child(experiment, "data", where=where, name=file)
    if not isinstance(dataset, h5py.Dataset):
        raise decline("no_array_found", f"{where} in {file} is no dataset.")
    findings = check_dataset(dataset, where=where, name=file)
    axes = _axes_of(experiment, dataset.ndim)
    signal_type, record_by = _signal_type(experiment)
    n_signal = count_signal_axes(axes, record_by)
    names = name_axes(axes, n_signal, signal_type=signal_type, is_scanned=_is_scanned(experiment))
    built = build_axes(axes, names, dataset.shape)
    findings += tell_odd_axes(axes, built, file)
    findings += tell_unknown_units((str(axis.get("units") or "") for axis in axes), file)
    built, origin, asked = fold_run(built, n_signal, file, hints)
    shape = tuple(axis.size for axis in built)
    source = DatasetSource(dataset, path, shape[:-n_signal], n_signal)
    quantity = find_text(experiment["metadata/Signal"], "quantity") if "metadata/Signal" in experiment else ""
    signal = SignalSource(
        name=name,
        shape=shape,
        dtype=source.dtype,
        axes=built,
        n_signal_axes=n_signal,
        load=source.load,
        stored_block=source.stored_block,
        load_channels=source.load_channels,
        title=_title_of(experiment),
        intensity_unit=intensity_unit(quantity.partition("(")[2].rstrip(")")),
        shape_origin=origin,
    )
    return signal, [*findings, *asked]


def _describe(experiment: h5py.Group) -> dict[str, Any]:
    keep = ("metadata", "original_metadata", "mapped_parameters", "original_parameters")
    found = {key: read_tree(experiment[key]) for key in keep if key in experiment}
    return {"experiment": _title_of(experiment), **found}


def _list_experiments(file: h5py.File, name: str) -> list[h5py.Group]:
    experiments = (
        get_child(file, "Experiments", where="Experiments", name=name) if "Experiments" in file else None
    )
    if not isinstance(experiments, h5py.Group):
        raise decline("no_array_found", f"{name} holds no group Experiments.")
    found = list(_find_experiments(experiments, "Experiments", name, 0))
    if not found:
        groups = ", ".join(f"Experiments/{key}" for key in list(experiments)[:_MOST_NAMED]) or "nothing"
        raise decline("no_array_found", f"{name} holds no experiment: below Experiments stands {groups}.")
    return found


def _find_experiments(group: h5py.Group, path: str, name: str, depth: int) -> Iterator[h5py.Group]:
    """Yield the groups with `data`: of a title with slashes, HDF5 made groups in each other."""
    for key in group:
        where = f"{path}/{key}"
        child = get_child(group, key, where=where, name=name)
        if not isinstance(child, h5py.Group):
            continue
        if find_object(child, "data") is not None:
            yield child
        elif depth < _DEEPEST_TITLE:
            yield from _find_experiments(child, where, name, depth + 1)


def _title_of(experiment: h5py.Group) -> str:
    return str(experiment.name).partition("/Experiments/")[2]


def open_hspy(files: Mapping[str, Path], hints: ReadHints) -> OpenedFile:
    """Open a HyperSpy HDF5 file."""
    path = next(iter(files.values()))
    resources = ExitStack()
    file, odd = open_hdf5(path, resources)
    with refuse_damage(path):
        experiments = _list_experiments(file, path.name)
        titles = [_title_of(group) for group in experiments]
        sizes = [(group["data"].ndim, group["data"].size or 0) for group in experiments]
        findings: list[Finding] = odd
        signals: dict[str, tuple[SignalSource, h5py.Group]] = {}
        refusals: list[ReadRefusedError] = []
        for name, group in zip(name_signals(titles, sizes), experiments, strict=True):
            try:
                signal, found = _open_experiment(group, name=name, path=path, file=path.name, hints=hints)
            except ReadRefusedError as error:
                refusals.append(error)
                continue
            signals[name] = (signal, group)
            findings.extend(found)
        if not signals or "data" not in signals:
            raise refusals[0] if refusals else decline("no_array_found", f"{path.name} holds no experiment.")
        kept = "Readers see the other experiments; this one is in the file alone."
        findings.extend(warn(error.finding.code, error.finding.message, kept) for error in refusals)
        findings += tell_unread(file, read=[str(group.name) for group in experiments], name=path.name)
        described = {name: _describe(group) for name, (_, group) in signals.items()}
        header = {**read_attributes(file), **described["data"], "signals": described}
    ordered = sorted((signal for signal, _ in signals.values()), key=lambda signal: signal.name != "data")
    return OpenedFile("hspy", VERSION, tuple(ordered), to_json(header), tuple(findings), resources)
