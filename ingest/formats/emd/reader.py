"""EMD files of NCEM (also Prismatic and fpd) and of py4DSTEM: one signal per array group, axes as stored.

Header document: the groups that are no arrays under their own names, attributes and small datasets as
values. NCEM: ``microscope.{high tension V, convergence angle rad, camera length m, dwell time s, name}``,
``user``, ``sample``, ``comments``, ``stage``; Prismatic:
``4DSTEM_simulation.metadata.metadata_0.original.simulation_parameters.{E kV, …}``. py4DSTEM:
``<root>.metadatabundle.calibration.{R_pixel_size, R_pixel_units, Q_pixel_size, Q_pixel_units, QR_flip}``, and
the first such group again as ``calibration``. ``signals.<name>`` has the ``path`` of the array in the file,
its class and its attributes; ``root`` the attributes of the file.

Orientation: arrays in file order (RosettaSciIO reverses the axes of NCEM files). py4DSTEM and Prismatic
call the slower axis of a pair x; here the slower one is y, whatever its name, and no data are moved.
Prismatic labels ångström as nm, 1/ångström as 1/nm and rad as mrad, which is corrected and said. py4DSTEM's
calibration wins over the vectors of an axis, which it does not keep up to date.
"""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py

from ingest.formats.emd.calibration import calibrate
from ingest.formats.emd.dimensions import Dimension, correct_prismatic, name_axes, read_dimensions
from ingest.readers.contract import OpenedFile, ReadHints, ReadRefusedError, ShapeOrigin, SignalSource
from ingest.readers.hdf5.access import open_hdf5, refuse_damage, walk
from ingest.readers.hdf5.attributes import find_text, read_attributes
from ingest.readers.hdf5.source import DatasetSource, check_dataset
from ingest.readers.hdf5.tree import read_tree
from ingest.readers.hdf5.unread import tell_unread
from ingest.readers.header_json import to_json
from ingest.readers.implausible_scales import tell_unknown_units
from ingest.readers.refusals import decline, tell, warn
from ingest.readers.scan_shape import decide_scan_layout
from ingest.readers.signal_names import name_signals
from ingest.readers.units import intensity_unit
from repository.schema.findings import Finding

VERSION = "1"
ORIENTATION = "as stored in the file; the slower axis of a pair is y, whatever the file calls it"
_ARRAY_TYPES = {"1", "array"}


@dataclass(frozen=True, slots=True)
class EmdArray:
    """One array group."""

    group: h5py.Group
    dataset: h5py.Dataset

    @property
    def kind(self) -> str:
        """Class that the writing program gave it, or empty."""
        return find_text(self.group, "python_class") or find_text(self.group, "py4dstem_class")

    @property
    def title(self) -> str:
        """Name of the group; the array's own name where the group is called `data`."""
        return str(self.group.name).rpartition("/")[2]


def find_arrays(file: h5py.File, name: str) -> tuple[list[EmdArray], list[Finding]]:
    """Return all array groups: `emd_group_type` 1 or array, with a dataset `data` or a single one."""
    arrays = []
    empty: list[Finding] = []
    for _where, item in walk(file, name=name):
        if isinstance(item, h5py.Group) and find_text(item, "emd_group_type") in _ARRAY_TYPES:
            dataset = _find_dataset(item)
            if dataset is not None:
                arrays.append(EmdArray(item, dataset))
            else:
                message = f"{item.name} in {name} calls itself an array and holds none, or several."
                empty.append(
                    warn(
                        "no_array_found",
                        message,
                        "Readers see the other arrays; this one is in the file alone.",
                    )
                )
    return arrays, empty


def _find_dataset(group: h5py.Group) -> h5py.Dataset | None:
    def is_dataset(key: str) -> bool:
        return isinstance(group.get(key, getlink=True), h5py.HardLink) and isinstance(
            group[key], h5py.Dataset
        )

    if is_dataset("data") if "data" in group else False:
        return group["data"]
    others = [key for key in group if is_dataset(key) and not key.startswith("dim") and group[key].ndim]
    return group[others[0]] if len(others) == 1 else None


def _tell_units(dimensions: Sequence[Dimension], name: str) -> list[Finding]:
    return tell_unknown_units((one.unit for one in dimensions if not one.is_threshold), name)


def _is_void(stored: tuple[Dimension, ...], axis: int) -> bool:
    """Whether an axis of one position says nothing and would stand between scan and detector."""
    if stored[axis].size != 1 or len(stored) == 1:
        return False
    return stored[axis].label in {"color", "colour"} or 0 < axis < len(stored) - 2 > 2  # noqa: PLR2004


def _open_array(
    array: EmdArray, *, name: str, path: Path, hints: ReadHints, is_stem: bool, calibration: Mapping[str, Any]
) -> tuple[SignalSource, list[Finding]]:
    where = str(array.dataset.name).lstrip("/")
    findings = check_dataset(array.dataset, where=where, name=path.name)
    stored = read_dimensions(array.group, array.dataset)
    squeezed = tuple(axis for axis in range(len(stored)) if _is_void(stored, axis))
    dimensions = tuple(d for axis, d in enumerate(stored) if axis not in squeezed)
    if "4DSTEM_simulation" in str(array.group.name):
        dimensions = tuple(correct_prismatic(d) for d in dimensions)
    names, n_signal = name_axes(dimensions, kind=array.kind, is_stem=is_stem)
    filled, odd = calibrate(dimensions, names, calibration, name=path.name)
    findings += [*odd, *_tell_units(filled, path.name)]
    axes = tuple(dimension.as_axis(role) for dimension, role in zip(filled, names, strict=True))
    origin: ShapeOrigin = "file"
    if names[0] == "position" and len(names) == 3 and not squeezed:  # noqa: PLR2004 - frames along one axis
        layout = decide_scan_layout(frames=axes[0].size, name=path.name, hints=hints)
        axes, origin = (*layout.axes, *axes[1:]), layout.origin
        findings.extend(layout.findings)
    shape = tuple(axis.size for axis in axes)
    source = DatasetSource(array.dataset, path, shape[:-n_signal], n_signal, squeezed)
    signal = SignalSource(
        name=name,
        shape=shape,
        dtype=source.dtype,
        axes=axes,
        n_signal_axes=n_signal,
        load=source.load,
        stored_block=source.stored_block,
        load_channels=source.load_channels,
        title=str(array.group.name).strip("/"),
        intensity_unit=intensity_unit(find_text(array.dataset, "units")),
        shape_origin=origin,
        orientation=ORIENTATION,
    )
    return signal, findings


def _find_calibration(header: Mapping[str, Any]) -> dict[str, Any]:
    """Return the first group called `calibration` with values, at any depth."""
    found = header.get("calibration")
    if isinstance(found, dict) and found:
        return found
    for value in header.values():
        deeper = _find_calibration(value) if isinstance(value, Mapping) else {}
        if deeper:
            return deeper
    return {}


def _build_header(file: h5py.File, arrays: list[EmdArray], names: list[str]) -> dict[str, Any]:
    header = read_tree(file, leave_out=[str(array.group.name) for array in arrays])
    for key in file.attrs:
        header.pop(str(key), None)
    header["root"] = read_attributes(file)
    header["signals"] = {
        name: {
            "path": str(array.dataset.name),
            "class": array.kind,
            "attributes": read_attributes(array.group),
        }
        for name, array in zip(names, arrays, strict=True)
    }
    calibration = _find_calibration(header)
    return {**header, "calibration": calibration} if calibration else header


def _tell_prismatic(file: h5py.File, name: str) -> list[Finding]:
    if "4DSTEM_simulation" not in file:
        return []
    message = (
        f"{name} is of Prismatic, which labels ångström as nm, 1/ångström as 1/nm and rad as mrad; "
        "the axes are corrected."
    )
    return [
        warn(
            "prismatic_units_corrected",
            message,
            "Readers measure lengths with the corrected step. Check the scan step against your input.",
        )
    ]


def _open_emd(form: str, files: Mapping[str, Path], hints: ReadHints) -> OpenedFile:
    path = next(iter(files.values()))
    resources = ExitStack()
    file, odd = open_hdf5(path, resources)
    with refuse_damage(path):
        arrays, empty = find_arrays(file, path.name)
        if not arrays:
            raise decline(
                "no_array_found",
                f"{path.name} holds derived lists or metadata, but no array.",
                "Upload the data that it was derived from beside it.",
            )
        sizes = [(array.dataset.ndim, int(array.dataset.size or 0)) for array in arrays]
        names = name_signals([array.title for array in arrays], sizes)
        header = _build_header(file, arrays, names)
        microscope = header.get("microscope")
        is_stem = isinstance(microscope, Mapping) and "dwell time" in microscope
        signals: list[SignalSource] = []
        findings = [*odd, *empty, *_tell_prismatic(file, path.name)]
        for name, array in zip(names, arrays, strict=True):
            try:
                signal, found = _open_array(
                    array,
                    name=name,
                    path=path,
                    hints=hints,
                    is_stem=is_stem,
                    calibration=header.get("calibration", {}),
                )
            except ReadRefusedError as error:
                if name == "data":
                    raise
                findings.append(tell(error.finding.code, error.finding.message, "The other arrays are read."))
                continue
            signals.append(signal)
            findings.extend(found)
        read = [str(array.group.name) for array in arrays]
        findings += tell_unread(file, read=read, name=path.name)
    signals.sort(key=lambda signal: signal.name != "data")
    return OpenedFile(form, VERSION, tuple(signals), to_json(header), tuple(findings), resources)


def open_ncem_emd(files: Mapping[str, Path], hints: ReadHints) -> OpenedFile:
    """Open an EMD file of NCEM, Prismatic or fpd."""
    return _open_emd("ncem_emd", files, hints)


def open_py4dstem_emd(files: Mapping[str, Path], hints: ReadHints) -> OpenedFile:
    """Open an EMD file of py4DSTEM (0.x) or emdfile (1.0)."""
    return _open_emd("py4dstem_emd", files, hints)
