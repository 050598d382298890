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

from ingest.formats.hspy.functional_axis import evaluate
from ingest.readers.contract import Axis, OpenedFile, ReadHints, ReadRefusedError, ShapeOrigin, SignalSource
from ingest.readers.hdf5.access import get_child, open_hdf5, refuse_damage
from ingest.readers.hdf5.attributes import find_object, find_text, read_attributes
from ingest.readers.hdf5.source import DatasetSource, check_dataset
from ingest.readers.hdf5.tree import read_tree
from ingest.readers.hdf5.unread import tell_unread
from ingest.readers.hdf5.vectors import find_steps, read_vector
from ingest.readers.header_json import to_json
from ingest.readers.implausible_scales import tell_unknown_units
from ingest.readers.refusals import decline, warn
from ingest.readers.scan_shape import decide_scan_layout
from ingest.readers.signal_names import name_signals
from ingest.readers.units import (
    MOST_POSITIONS,
    calibrated_axis,
    intensity_unit,
    is_energy,
    is_length,
    is_reciprocal,
    is_time,
    listed_axis,
    name_frame,
    to_ucum,
)
from repository.schema.findings import Finding

VERSION = "1"
_MOST_NAMED = 5
_DEEPEST_TITLE = 8  # slashes in a title
_SPECTRAL_TYPES = ("EELS", "EDS", "CL", "Luminescence", "PL")


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _axes_of(experiment: h5py.Group, ndim: int) -> list[dict[str, Any]]:
    """Return the axis dictionaries in array order; axes that the file lacks are empty.

    An axis that is stored as positions (`DataAxis`) or as a formula (`FunctionalDataAxis`) gets a scale where its
    samples are linear, else `positions`.
    """
    found: list[dict[str, Any]] = [{} for _ in range(ndim)]
    for number in range(ndim):
        if f"axis-{number}" in experiment:
            group = experiment[f"axis-{number}"]
            axis = read_attributes(group)
            stated = _number(axis.get("index_in_array"))
            place = number if stated is None else int(stated)
            positions = _list_samples(group, axis)
            if positions is not None:
                axis["scale"], axis["offset"] = find_steps(positions)
                axis["positions"] = positions if axis["scale"] is None else None
            found[place if 0 <= place < ndim else number] = axis
    return found


def _list_samples(group: h5py.Group, axis: Mapping[str, Any]) -> npt.NDArray[np.float64] | None:
    """Return where the samples of an axis lie, if it lists them or has a formula; None where it has a step."""
    listed = find_object(group, "axis")
    if isinstance(listed, h5py.Dataset):
        return read_vector(listed)
    put_in = find_object(group, "x")
    expression = axis.get("expression")
    if not isinstance(expression, str) or not isinstance(put_in, h5py.Group):
        return None
    inner = read_attributes(put_in)
    x = _list_samples(put_in, inner)
    size, scale, offset = (_number(inner.get(key)) for key in ("size", "scale", "offset"))
    if x is None and size is not None and scale is not None and 0 < size <= MOST_POSITIONS:
        x = (offset or 0.0) + scale * np.arange(int(size), dtype=np.float64)
    return None if x is None else evaluate(expression, x, axis)


def _signal_type(experiment: h5py.Group) -> tuple[str, str]:
    """Return (signal type, record_by) of any file version."""
    for key in ("metadata/Signal", "mapped_parameters"):
        if key in experiment:
            group = experiment[key]
            return find_text(group, "signal_type"), find_text(group, "record_by")
    return "", ""


def _count_signal_axes(axes: list[dict[str, Any]], record_by: str) -> int:
    """Return how many trailing axes make one spectrum or image."""
    flags = [bool(axis.get("navigate")) for axis in axes if "navigate" in axis]
    count = flags.count(False) if len(flags) == len(axes) else 1 if record_by == "spectrum" else 2
    return min(count, len(axes)) or min(2, len(axes))


def _is_scanned_image(experiment: h5py.Group, units: list[str]) -> bool:
    key = "metadata/Acquisition_instrument/TEM"
    mode = find_text(experiment[key], "acquisition_mode") if key in experiment else ""
    return mode.startswith("STEM") and all(is_length(unit) for unit in units)


def _name_axes(experiment: h5py.Group, axes: list[dict[str, Any]], n_signal: int) -> list[str]:
    units = [str(axis.get("units") or "") for axis in axes]
    n_leading = len(axes) - n_signal
    if n_signal > 2:  # noqa: PLR2004 - nothing known has more signal axes than an image
        return [f"axis_{number}" for number in range(len(axes))]
    if n_signal == 1:
        signal = [_spectral_axis(experiment, axes[-1], units[-1])]
    elif n_leading == 0 and _is_scanned_image(experiment, units):
        signal = ["scan_y", "scan_x"]
    else:
        signal = list(name_frame(*units[-2:]))
    return [*_leading_names(units[:n_leading], n_signal, units[-1]), *signal]


def _spectral_axis(experiment: h5py.Group, axis: dict[str, Any], unit: str) -> str:
    kind, _ = _signal_type(experiment)
    if kind.startswith(("CL", "Lum", "PL")) and to_ucum(unit).unit == "nm":
        return "wavelength"
    if (
        is_energy(unit)
        or kind.startswith(_SPECTRAL_TYPES)
        or "energy" in str(axis.get("name", "")).casefold()
    ):
        return "energy"
    return "position"


def _leading_names(units: list[str], n_signal: int, signal_unit: str) -> list[str]:
    if len(units) == 1:
        if is_time(units[0]):
            return ["time"]
        if to_ucum(units[0]).unit == "deg":
            return ["tilt"]
        if n_signal == 1 or is_length(units[0]):
            return ["scan_x"]
        return ["position" if is_reciprocal(signal_unit) else "series"]
    series = [f"series_{number + 1}" if len(units) > 3 else "series" for number in range(len(units) - 2)]  # noqa: PLR2004
    return [*series, "scan_y", "scan_x"][-len(units) :] if units else []


def _build_axes(axes: list[dict[str, Any]], names: list[str], shape: tuple[int, ...]) -> tuple[Axis, ...]:
    return tuple(_build_axis(axis, name, size) for axis, name, size in zip(axes, names, shape, strict=True))


def _build_axis(axis: Mapping[str, Any], name: str, size: int) -> Axis:
    unit, positions = str(axis.get("units") or ""), axis.get("positions")
    if positions is not None and len(positions) == size:
        listed = listed_axis(name, positions, unit=unit)
        if listed is not None:
            return listed
    scale, offset = _number(axis.get("scale")), _number(axis.get("offset")) or 0.0
    return calibrated_axis(name, size, unit=unit, scale=scale, offset=offset)


def _tell_odd_axes(axes: list[dict[str, Any]], built: tuple[Axis, ...], file: str) -> list[Finding]:
    uneven = [
        one.name
        for axis, one in zip(axes, built, strict=True)
        if axis and axis.get("scale") is None and one.positions is None
    ]
    units = [str(axis.get("units") or "") for axis in axes]
    found = []
    missing = [f"axis-{number}" for number, axis in enumerate(axes) if not axis]
    if missing:
        found.append(
            warn(
                "axis_missing",
                f"HyperSpy describes every axis, and {file} has no {', '.join(missing)}: it may be damaged.",
                "Readers see these axes in pixels. Upload the file again, or give the steps yourself.",
            )
        )
    if len(axes) >= 4 and all(map(is_reciprocal, units[-4:-2])) and all(map(is_length, units[-2:])):  # noqa: PLR2004
        found.append(
            warn(
                "axes_look_swapped",
                f"In {file} the leading axes are of a diffraction plane and the trailing ones of the specimen.",
                "Readers would see diffraction planes as images. It is read as stored, scan first: save it "
                "transposed, and upload that instead.",
            )
        )
    return found + [
        warn(
            "axis_not_linear",
            f"The {name} axis in {file} has no constant step; its positions stay in the file.",
            "Readers see this axis in pixels. State the axis, if one step is near enough.",
        )
        for name in uneven
    ]


def _fold(
    axes: tuple[Axis, ...], n_signal: int, file: str, hints: ReadHints
) -> tuple[tuple[Axis, ...], ShapeOrigin, list[Finding]]:
    """Give a run of patterns the scan shape that the depositor knows."""
    asked = axes[0].name == "position" or (axes[0].name == "series" and hints.scan_shape is not None)
    if len(axes) != 3 or n_signal != 2 or not asked:  # noqa: PLR2004 - frames along one axis
        return axes, "file", []
    layout = decide_scan_layout(frames=axes[0].size, name=file, hints=hints)
    return (*layout.axes, *axes[1:]), layout.origin, list(layout.findings)


def _open_experiment(
    experiment: h5py.Group, *, name: str, path: Path, file: str, hints: ReadHints
) -> tuple[SignalSource, list[Finding]]:
    where = f"{experiment.name}/data".lstrip("/")
    dataset = get_child(experiment, "data", where=where, name=file)
    if not isinstance(dataset, h5py.Dataset):
        raise decline("no_array_found", f"{where} in {file} is no dataset.")
    findings = check_dataset(dataset, where=where, name=file)
    axes = _axes_of(experiment, dataset.ndim)
    n_signal = _count_signal_axes(axes, _signal_type(experiment)[1])
    names = _name_axes(experiment, axes, n_signal)
    built = _build_axes(axes, names, dataset.shape)
    findings += _tell_odd_axes(axes, built, file)
    findings += tell_unknown_units((str(axis.get("units") or "") for axis in axes), file)
    built, origin, asked = _fold(built, n_signal, file, hints)
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
