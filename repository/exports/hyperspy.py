"""HyperSpy's own file: HDF5 with an experiment for each array, its axes, HyperSpy's metadata and our record.

HyperSpy's words have units of their own (beam_energy keV, convergence_angle mrad, beam_current nA, camera_length mm,
times s, stage deg and mm, thickness m): a quantity is written in that unit; a range is left to the record.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from repository.exports.declaration import StreamedExport
from repository.exports.subjects import ExportedMeasurement, ExportedSignal, ReadPart
from repository.hdf5.file_stream import stream_file
from repository.hdf5.tree import Field, Group, StoredArray, Value, list_positions
from repository.schema.documents.technique_guesses import name_spectroscopy
from repository.schema.export.coordinates import Coordinates, list_coordinates
from repository.schema.places import get_entry, get_value
from repository.schema.quantities.quantity import read_quantity
from repository.schema.quantities.unit_symbols import get_symbol
from repository.schema.quantities.units import UNITS, convert
from repository.schema.questions.fields import load_catalogue

FORMAT_VERSION = "3.3"
"""Of RosettaSciIO 0.2 and later: https://hyperspy.org/rosettasciio/user_guide/supported_formats/hspy.html."""

_TEM = "Acquisition_instrument.TEM"
# The unit that HyperSpy implies, by the last part of its path.
_UNITS: Mapping[str, str] = {
    "beam_energy": "kV",  # keV: the number of volts and of electronvolts is the same
    "convergence_angle": "mrad", "collection_angle": "mrad", "precession_angle": "deg",
    "beam_current": "nA", "camera_length": "mm",
    "dwell_time": "s", "exposure": "s", "live_time": "s", "real_time": "s",
    "elevation_angle": "deg", "azimuth_angle": "deg", "solid_angle": "sr", "energy_resolution_MnKa": "eV",
    "tilt_alpha": "deg", "tilt_beta": "deg", "rotation": "deg", "x": "mm", "y": "mm", "z": "mm",
    "thickness": "m",
}  # fmt: skip
_LUMINESCENCE = "cathodoluminescence"
_PLAIN_LINE = 1000  # a longer list is written as text: an attribute holds 64 KiB


def write_hyperspy(measurement: ExportedMeasurement, read: ReadPart) -> Iterator[bytes]:
    """Yield a file that HyperSpy, and what reads its files, opens."""
    return stream_file(build_tree(measurement), read)


def build_tree(measurement: ExportedMeasurement) -> Group:
    """Return what stands in the file."""
    title = str(get_value(measurement.metadata, "title") or measurement.record.title)
    experiments: dict[str, Group] = {}
    for signal in measurement.signals:
        # The array of which the record speaks has its title; the others say which they are.
        name = title if signal.name == "data" or len(measurement.signals) == 1 else f"{title}, {signal.name}"
        experiments[_name(name, experiments)] = _build_experiment(measurement, signal, name)
    return Group(
        {"Experiments": Group(experiments)},
        {"file_format": "HyperSpy", "file_format_version": FORMAT_VERSION},
    )


def _name(title: str, taken: Mapping[str, Any]) -> str:
    """Return a title as the name of a group: without slashes, not empty, and not one that is there."""
    name = (
        title.replace("/", "-").replace("\0", "").encode("utf-8", "replace")[:200].decode("utf-8", "ignore")
    )
    name = name if name.strip(". ") else "__unnamed__"
    number = 2
    while name in taken:
        name, number = f"{title.replace('/', '-')[:60]} {number}", number + 1
    return name


def _build_experiment(measurement: ExportedMeasurement, signal: ExportedSignal, title: str) -> Group:
    axes = list_coordinates(signal.axes, measurement.metadata)
    n_leading = len(axes) - signal.n_signal_axes
    nodes: dict[str, Any] = {
        f"axis-{number}": _build_axis(axis, is_navigated=number < n_leading)
        for number, axis in enumerate(axes)
    }
    nodes["data"] = StoredArray(signal.parts)
    nodes["metadata"] = _as_group(_build_metadata(measurement, signal, title))
    nodes["original_metadata"] = _as_group({"stemma": _build_original(measurement, signal)})
    nodes["attributes"] = Group({}, {"_lazy": False, "ragged": False})
    nodes["learning_results"] = Group()
    # Without the name of a package HyperSpy takes its own class, or that which the type of the signal has.
    return Group(nodes)


def _build_axis(axis: Coordinates, *, is_navigated: bool) -> Group:
    unit = "" if axis.unit is None else _spell(axis.unit)
    attributes: dict[str, Value] = {
        "name": axis.name,
        "units": unit,
        "navigate": is_navigated,
        "is_binned": False,
        "size": axis.size,
    }
    if axis.positions is not None:
        positions = list_positions(0, offset=0.0, scale=1.0)
        positions.extend(axis.positions)
        del attributes["size"]  # HyperSpy counts them
        return Group({"axis": Field(positions)}, {"_type": "DataAxis", **attributes})
    return Group({}, {"_type": "UniformDataAxis", **attributes, "scale": axis.scale, "offset": axis.offset})


def _spell(unit: str) -> str:
    """Return a unit as HyperSpy and pint read it: as people print it, but 1/nm, and degrees by their name.

    Electrons are no unit there: e⁻/Å² is 1/Å².
    """
    if unit.endswith("-1") and "." not in unit:
        return f"1/{get_symbol(unit.removesuffix('-1'))}"
    return unit if unit == "deg" else get_symbol(unit).replace("e⁻/", "1/")


def _build_metadata(measurement: ExportedMeasurement, signal: ExportedSignal, title: str) -> dict[str, Any]:
    document, record = measurement.metadata, measurement.record
    general: dict[str, Any] = {
        "title": title,
        "authors": "; ".join(creator.sort_name for creator in record.creators),
        "doi": record.doi or "",
        "original_filename": measurement.files[0].path if measurement.files else "",
        "license": record.license.id,
    }
    moment = get_value(document, "acquired_at")
    text = str(moment.get("value", "")) if isinstance(moment, Mapping) else str(moment or "")
    if text:
        general["date"], _, clock = text.partition("T")
        general |= {"time": clock} if clock else {}
    quantity = get_value(document, "intensity_unit")
    found: dict[str, Any] = {
        "General": {key: value for key, value in general.items() if value},
        "Signal": {
            "signal_type": find_signal_type(measurement, signal),
            **({"quantity": f"Intensity ({str(quantity).capitalize()})"} if quantity else {}),
        },
        "_HyperSpy": {},
    }
    for path, value in _list_instrument(document):
        _put(found, path, value)
    return found


def find_signal_type(measurement: ExportedMeasurement, signal: ExportedSignal) -> str:
    """Return HyperSpy's class of signals, or nothing where none is meant."""
    techniques = get_value(measurement.metadata, "technique") or ()
    names = [axis["name"] for axis in signal.axes]
    last = names[-1] if names else ""
    if last == "energy" and signal.n_signal_axes == 1:
        return _name_energies(signal.axes[-1], techniques)
    if last == "wavelength" and _LUMINESCENCE in techniques:
        return "CL"
    units = {str(axis["unit"]) for axis in signal.axes[-2:] if axis.get("unit") is not None}
    measures = {UNITS[unit].dimension for unit in units if unit in UNITS}
    is_plane = signal.n_signal_axes == 2  # noqa: PLR2004 - an image or a pattern
    return (
        "electron_diffraction" if is_plane and measures and measures <= {"angle", "reciprocal_length"} else ""
    )


def _name_energies(axis: Mapping[str, Any], techniques: Sequence[str]) -> str:
    """Return whose energies an axis has; where both were measured, as the range of its channels tells."""
    if not {"eels", "eds"} <= set(techniques):
        return "EELS" if "eels" in techniques else "EDS_TEM" if "eds" in techniques else ""
    unit, scale, size = str(axis.get("unit")), axis.get("scale"), int(axis["size"])
    if not scale or unit not in UNITS or UNITS[unit].dimension != "energy":
        return ""
    step, first = convert(scale, unit, "eV"), convert(axis.get("offset") or 0.0, unit, "eV")
    ends = sorted((first, first + step * (size - 1)))
    named = name_spectroscopy((ends[0], ends[1], abs(step)), size)
    return "" if named is None else {"eels": "EELS", "eds": "EDS_TEM"}[named]


def _list_instrument(document: Mapping[str, Any]) -> Iterator[tuple[str, Value]]:
    """Yield what HyperSpy has words for: its path, and the value in its unit."""
    techniques = get_value(document, "technique") or ()
    for field in load_catalogue().measurement.values():
        path = field.hyperspy
        if path is None or path.startswith("General."):
            continue
        if ".EELS." in path and "eels" not in techniques and not path.endswith("collection_angle"):
            path = f"{_TEM}.{'Detector.Camera.exposure' if path.endswith('exposure') else path.rpartition('.')[2]}"
        value = _read(get_entry(document, field.path), get_value(document, field.path), path)
        if value is not None:
            yield path, value
            if path == "Sample.thickness":
                yield "Sample.thickness_units", "m"  # what readers take where nothing is said differs
    if get_value(document, "acceleration_voltage") is not None and get_value(document, "scan") not in (
        None,
        "none",
    ):
        yield f"{_TEM}.acquisition_mode", "STEM"


def _read(entry: Any, plain: Any, path: str) -> Value | None:
    unit = _UNITS.get(path.rpartition(".")[2])
    reading = read_quantity(entry)
    if reading is not None:
        is_single = len(reading.numbers) == 1 and not reading.is_range
        in_unit = (
            unit is not None
            and reading.unit in UNITS
            and UNITS[reading.unit].dimension == UNITS[unit].dimension
        )
        return reading.in_unit(unit)[0] if unit is not None and is_single and in_unit else None
    if isinstance(plain, str | int | float):
        return plain
    if isinstance(plain, list) and plain and all(isinstance(each, str) for each in plain):
        return plain
    return None


def _put(tree: dict[str, Any], path: str, value: Value) -> None:
    *groups, last = path.split(".")
    for group in groups:
        tree = tree.setdefault(group, {})
    tree[last] = value


def _build_original(measurement: ExportedMeasurement, signal: ExportedSignal) -> dict[str, Any]:
    """Return what we say of it: the record as it was published, and how it is cited."""
    record = measurement.record
    return {
        "measurement": measurement.metadata,
        "measurement_id": measurement.id,
        "signal": signal.name,
        "zarr": signal.zarr,
        "source_format": measurement.format,
        "files": {
            f"file_{number}": {"path": one.path, "sha256": one.sha256}
            for number, one in enumerate(measurement.files)
        },
        "dataset": {
            "id": record.id,
            "version": record.version,
            "title": record.title,
            "doi": record.doi,
            "address": record.address,
            "license": record.license.id,
            "license_url": record.license.url,
            "publisher": record.publisher,
            "schema": record.schema_iri,
        },
    }


def _as_group(tree: Mapping[str, Any]) -> Group:
    """Return nested documents as groups, and what stands in them as attributes; lists of documents as JSON text."""
    children, attributes = {}, {}
    for key, value in tree.items():
        name = str(key).replace("/", "_").replace("\0", "") or "_"
        if isinstance(value, Mapping):
            children[name] = _as_group(value)
        elif (written := _as_value(value)) is not None:
            attributes[name] = written
    return Group(children, attributes)


def _as_value(value: Any) -> Value | None:
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, int):
        return value if -(1 << 63) <= value < 1 << 64 else str(value)
    if isinstance(value, float):
        return value
    items = list(value)
    kinds = {type(item) for item in items}
    is_line = 0 < len(items) <= _PLAIN_LINE and (kinds in ({str}, {bool}) or kinds <= {int, float})
    if is_line and all(not isinstance(item, int) or abs(item) < 1 << 63 for item in items):
        return [float(item) for item in items] if float in kinds else items
    return json.dumps(items, ensure_ascii=False)


EXPORT = StreamedExport(
    module=__name__,
    ending="hyperspy.hspy",
    label="HyperSpy",
    media_type="application/x-hdf5",
    description="Every array with its axes, units and HyperSpy's metadata, and the record as published; opened by "
    "HyperSpy and RosettaSciIO. Values are compressed with Blosc as they are stored: reading them takes hdf5plugin.",
    specification="https://hyperspy.org/rosettasciio/user_guide/supported_formats/hspy.html",
    rank=60,
    write=write_hyperspy,
    most_bytes=64 << 30,  # it cannot be continued where it broke off: what is larger is read as Zarr
)
