"""NeXus with the application definition NXem: HDF5 with arrays, axes, units, instrument, sample, people and license.

NXem names what must be there. Where the record does not know it, nothing is made up: the same tree is written without
the claim to be NXem, and `stemma/not_known` lists what is missing.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from repository.exports.declaration import StreamedExport
from repository.exports.subjects import ExportedMeasurement, ExportedSignal, ReadPart
from repository.hdf5.file_stream import stream_file
from repository.hdf5.tree import Field, Group, Node, StoredArray, Unsigned, Value, list_positions
from repository.schema.export.coordinates import Coordinates, list_coordinates
from repository.schema.export.record import Creator
from repository.schema.places import get_entry, get_value
from repository.schema.quantities.quantity import read_quantity
from repository.schema.questions.fields import load_catalogue

DEFINITION = "NXem"
DEFINITION_VERSION = "v2026.01"

# What NeXus, by UDUNITS, calls a unit otherwise than UCUM does.
_UNITS: Mapping[str, str] = {
    "Ao": "angstrom", "deg": "degree", "Cel": "degC", "nm-1": "1/nm", "Ao-1": "1/angstrom", "m-1": "1/m",
    "m-2": "1/m^2", "um-2": "1/um^2", "nm-2": "1/nm^2", "Ao-2": "1/angstrom^2",
    "m-2.s-1": "1/m^2/s", "nm-2.s-1": "1/nm^2/s", "Ao-2.s-1": "1/angstrom^2/s", "1": "", "%": "percent",
}  # fmt: skip
_OPTICS = "measurement/eventID/instrument/optics/"
_PLANES = ("axis_j", "axis_i")
_IMAGES = {1: ("axis_i",), 2: _PLANES, 3: ("axis_k", *_PLANES), 4: ("axis_m", "axis_k", *_PLANES)}
_SERIES = ("time", "tilt", "series", "defocus", "frame", "index")
_MOST_IN_STACK = 4
_MOST_OF_SPECTRA = 4
_OFFSET = re.compile(r"(?:Z|[+-]\d\d:\d\d)$")
_FORMS = {"film": "thin_film", "thinned_foil": "foil"}


def write_nxem(measurement: ExportedMeasurement, read: ReadPart) -> Iterator[bytes]:
    """Yield a NeXus file."""
    return stream_file(build_tree(measurement), read)


def build_tree(measurement: ExportedMeasurement) -> Group:
    """Return what stands in the file."""
    entry = dict(_describe_entry(measurement))
    entry |= _number("user", map(_build_user, measurement.record.creators))
    entry |= _number("note", (_build_note(one.path or one.sha256, one.sha256) for one in measurement.files))
    entry["sample"] = _build_sample(measurement)
    activity, default = _build_activity(measurement)
    entry |= activity
    missing = list_not_known(entry)
    if not missing:
        entry["definition"] = Field(DEFINITION, {"version": DEFINITION_VERSION})
    entry["stemma"] = _build_own(measurement, missing)
    # A path from group to group leads programs to what is drawn first.
    first, *rest = default
    tree = _lead(Group(entry, {"NX_class": "NXentry"}), [first, *rest])
    return Group({"entry": tree}, {"NX_class": "NXroot", "default": "entry", "creator": "Stemma"})


def list_not_known(entry: Mapping[str, Node]) -> list[str]:
    """Return the paths, below the entry, that NXem requires of such a file and that are not there."""
    required = ["start_time", "sample/is_simulation", "sample/preparation_date", "sample/atom_types"]
    if "measurement" in entry:
        instrument = "measurement/instrument"
        required += [
            f"{instrument}/fabrication/vendor",
            f"{instrument}/fabrication/model",
            f"{instrument}/ebeam_column",
        ]
    found = {path: _find(entry, path) for path in required}
    return [
        path if node is None else f"{path} (time zone)"
        for path, node in found.items()
        if node is None or (isinstance(node, Field) and "zone" in node.attributes)
    ]


def _find(children: Mapping[str, Node], path: str) -> Node | None:
    head, _, rest = path.partition("/")
    node = children.get(head)
    if not rest:
        return node
    return _find(node.children, rest) if isinstance(node, Group) else None


def _lead(group: Group, path: Sequence[str]) -> Group:
    if not path:
        return group
    head, *rest = path
    child = group.children[head]
    children = {**group.children, head: _lead(child, rest) if isinstance(child, Group) else child}
    return Group(children, {**group.attributes, "default": head})


def _number(name: str, nodes: Iterator[Group]) -> dict[str, Group]:
    return {f"{name}{number}": node for number, node in enumerate(nodes, 1)}


def _describe_entry(measurement: ExportedMeasurement) -> Iterator[tuple[str, Node]]:
    record, document = measurement.record, measurement.metadata
    yield "title", Field(str(get_value(document, "title") or record.title))
    yield (
        "identifier_experiment",
        Field(f"{record.address}#{measurement.id}", {"type": "DOI" if record.doi else "URL"}),
    )
    if record.abstract:
        yield "experiment_description", Field(record.abstract)
    if start := _build_moment(document, "acquired_at"):
        yield "start_time", start
    authors = "; ".join(creator.sort_name for creator in record.creators)
    if record.doi:
        yield (
            "cite1",
            _nexus(
                "NXcite", {"author": Field(authors), "doi": Field(record.doi), "url": Field(record.address)}
            ),
        )


def _build_moment(document: Mapping[str, Any], path: str) -> Field | None:
    """Return a time with its offset; a day as its first moment in UTC; a time whose zone nobody knows says so."""
    text = _read_moment(document, path)
    if not text:
        return None
    if "T" not in text:
        return Field(f"{text}T00:00:00+00:00")
    return Field(text, {} if _OFFSET.search(text) else {"zone": "unknown"})


def _read_moment(document: Mapping[str, Any], path: str) -> str:
    found = get_value(document, path)
    return str((found.get("value") if isinstance(found, Mapping) else found) or "")


def _build_user(creator: Creator) -> Group:
    parts = {"name": creator.name, "affiliation": creator.affiliation}
    children: dict[str, Node] = {name: Field(text) for name, text in parts.items() if text}
    for name, identifier in (("orcid", creator.orcid), ("ror", creator.ror)):
        if identifier:
            children[f"identifier_{name}"] = Field(identifier, {"type": name.upper()})
    return _nexus("NXuser", children)


def _build_note(path: str, sha256: str) -> Group:
    return _nexus(
        "NXnote", {"file_name": Field(path), "checksum": Field(sha256), "algorithm": Field("SHA256")}
    )


def _build_sample(measurement: ExportedMeasurement) -> Group:
    document = measurement.metadata
    children: dict[str, Node] = {"is_simulation": Field(get_value(document, "origin") == "simulated")}
    for name, path in (("name", "sample.name"), ("description", "sample.preparation")):
        if text := get_value(document, path):
            children[name] = Field(str(text))
    elements = get_value(document, "sample.elements")
    if isinstance(elements, list) and elements:
        children["atom_types"] = Field(", ".join(map(str, elements)))
    if prepared := _build_moment(document, "sample.preparation_date"):
        children["preparation_date"] = prepared
    if form := get_value(document, "sample.form"):
        children["physical_form"] = Field(_FORMS.get(str(form), str(form)))
    if identifier := get_value(document, "sample.identifier"):
        kind = "DOI" if str(identifier).startswith(("10.", "https://doi.org/")) else "IGSN"
        children["identifier_sample"] = Field(str(identifier), {"type": kind})
    _add_quantity(children, "thickness", get_entry(document, "sample.thickness"))
    return _nexus("NXsample", children)


def _build_activity(measurement: ExportedMeasurement) -> tuple[dict[str, Group], list[str]]:
    """Return the group in which the arrays stand, and the path from the entry to that which is drawn first."""
    arrays = dict(_list_arrays(measurement))
    main = _find_main(measurement, arrays)
    if get_value(measurement.metadata, "origin") == "simulated":
        program = _build_program(measurement, "simulation.code", "simulation.version")
        children = {**program, "results": _nexus("NXprocess", arrays)}
        return {"simulation": _nexus("NXem_simulation", children)}, ["simulation", "results", *main]
    event: dict[str, Node] = {**arrays, "instrument": _build_state(measurement)}
    if start := _build_moment(measurement.metadata, "acquired_at"):
        event["start_time"] = start
    children = {"instrument": _build_instrument(measurement), "event1": _nexus("NXem_event_data", event)}
    return {"measurement": _nexus("NXem_measurement", children)}, ["measurement", "event1", *main]


def _find_main(measurement: ExportedMeasurement, arrays: Mapping[str, Group]) -> list[str]:
    names = [signal.name for signal in measurement.signals]
    name = list(arrays)[names.index("data") if "data" in names else 0] if names else ""
    if not name:
        return []
    inner = next((key for key, node in arrays[name].children.items() if isinstance(node, Group)), None)
    return [name] if inner is None else [name, inner]


def _build_program(measurement: ExportedMeasurement, name: str, version: str) -> dict[str, Node]:
    program, number = (get_value(measurement.metadata, path) for path in (name, version))
    if not program or not number:
        return {}
    return {"program1": _nexus("NXprogram", {"program": Field(str(program), {"version": str(number)})})}


def _build_instrument(measurement: ExportedMeasurement) -> Group:
    """Return what does not change: name, maker, gun."""
    document = measurement.metadata
    children: dict[str, Node] = {}
    for name, path in (("name", "instrument.name"), ("location", "instrument.facility")):
        if text := get_value(document, path):
            children[name] = Field(str(text))
    if identifier := get_value(document, "instrument.identifier"):
        children["identifier_instrument"] = Field(str(identifier), {"type": "PIDINST"})
    made = (("vendor", "manufacturer"), ("model", "model"), ("serial_number", "serial_number"))
    fabrication: dict[str, Node] = {
        name: Field(str(text)) for name, key in made if (text := get_value(document, f"instrument.{key}"))
    }
    children["fabrication"] = _nexus("NXfabrication", fabrication)
    column: dict[str, Node] = {}
    if emitter := get_value(document, "instrument.source"):
        source: dict[str, Node] = {"emitter_type": Field(str(emitter)), "probe": Field("electron")}
        column["electron_source"] = _nexus("NXsource", source)
    children["ebeam_column"] = _nexus("NXebeam_column", column)
    return _nexus("NXem_instrument", children)


def _build_state(measurement: ExportedMeasurement) -> Group:
    """Return what was set while the beam was on; a part is written where all that NXem wants of it is known."""
    document = measurement.metadata
    column: dict[str, Node] = {}
    voltage = _quantities(document, voltage="acceleration_voltage")
    if voltage:
        column["electron_source"] = _nexus("NXsource", voltage)
    scanning = _quantities(document, dwell_time="dwell_time", flyback_time="flyback_time")
    pattern = get_value(document, "scan_pattern")
    if "dwell_time" in scanning and pattern:
        column["scan_controller"] = _nexus(
            "NXscan_controller", {"scan_schema": Field(str(pattern)), **scanning}
        )
    children: dict[str, Node] = {"ebeam_column": _nexus("NXebeam_column", column)}
    optics: dict[str, Node] = {}
    for field in load_catalogue().measurement.values():
        path = field.iri["nexus"].term if "nexus" in field.iri else ""
        if path.startswith(_OPTICS):
            _add_quantity(optics, path.removeprefix(_OPTICS), get_entry(document, field.path))
    if optics:
        children["optics"] = _nexus("NXem_optical_system", optics)
    stage = _build_stage(document)
    return _nexus("NXem_instrument", {**children, **stage})


def _build_stage(document: Mapping[str, Any]) -> dict[str, Node]:
    stage = _quantities(document, tilt1="stage_tilt_x", tilt2="stage_tilt_y", rotation="stage_rotation")
    place = [read_quantity(get_entry(document, f"stage_position_{axis}")) for axis in "xyz"]
    if len(stage) < 3 or any(one is None or len(one.numbers) != 1 for one in place):  # noqa: PLR2004 - three angles
        return {}
    position = [one.in_unit("um")[0] for one in place if one is not None]
    return {"stage1": _nexus("NXmanipulator", {**stage, "position": Field(position, {"units": "um"})})}


def _quantities(document: Mapping[str, Any], **paths: str) -> dict[str, Node]:
    children: dict[str, Node] = {}
    for name, path in paths.items():
        _add_quantity(children, name, get_entry(document, path))
    return children


def _add_quantity(children: dict[str, Node], name: str, entry: Any) -> None:
    """Add a number, or several, with its unit; a range is no value, and stays in the record alone."""
    reading = read_quantity(entry)
    if reading is not None and not reading.is_range:
        value: Value = reading.numbers[0] if len(reading.numbers) == 1 else list(reading.numbers)
        children[name] = Field(value, {"units": _UNITS.get(reading.unit, reading.unit)})


def _list_arrays(measurement: ExportedMeasurement) -> Iterator[tuple[str, Group]]:
    """Yield a group for each array: an image or a spectrum of NXem, or NXdata in a collection where it is neither."""
    counts: dict[str, int] = {}
    for signal in measurement.signals:
        axes = list_coordinates(signal.axes, measurement.metadata)
        kind, data, value, names = choose_concept(signal, axes)
        counts[kind] = counts.get(kind, 0) + 1
        group = _build_data(signal, axes, value, names, _describe_values(measurement.metadata, signal))
        nexus = {"image": "NXimage", "spectrum": "NXspectrum"}.get(kind, "NXcollection")
        yield f"{kind}{counts[kind]}", _nexus(nexus, {data: group})


def choose_concept(
    signal: ExportedSignal, axes: Sequence[Coordinates]
) -> tuple[str, str, str, tuple[str, ...]]:
    """Return the group of NXem that an array is, its NXdata, and how NXem calls values and axes.

    Spectra are those over energies; frames of a series are a stack. NXem has no place for complex numbers without a
    real part, for truth values, for other spectra and for more axes: those keep their own names, in a collection.
    """
    rank = len(axes)
    names = tuple(axis.name for axis in axes)
    is_stack = rank > 1 and names[0].startswith(_SERIES)
    is_number = not signal.dtype.startswith(("complex", "bool"))
    if is_number and names and names[-1] == "energy" and axes[-1].is_calibrated and rank <= _MOST_OF_SPECTRA:
        leading = rank - 1 - is_stack
        inner = _IMAGES[leading] if leading else ()
        if is_stack:
            return "spectrum", f"stack_{leading}d", "intensity", ("indices_spectrum", *inner, "axis_energy")
        return "spectrum", f"spectrum_{leading}d", "intensity", (*inner, "axis_energy")
    is_frames = is_number and not {"energy", "wavelength", "color"} & set(names)
    if is_frames and is_stack and rank <= _MOST_IN_STACK:
        return "image", f"stack_{rank - 1}d", "real", ("indices_image", *_IMAGES[rank - 1])
    if is_frames and rank in _IMAGES:
        return "image", f"image_{rank}d", "real", _IMAGES[rank]
    return "array", "data", "values", tuple(f"axis_{name}" for name in names)


def _describe_values(document: Mapping[str, Any], signal: ExportedSignal) -> str:
    unit = get_value(document, "intensity_unit")
    return f"{signal.name} ({unit})" if unit else signal.name


def _build_data(
    signal: ExportedSignal, axes: Sequence[Coordinates], value: str, names: Sequence[str], label: str
) -> Group:
    attributes: dict[str, Value] = {"signal": value, "axes": list(names)}
    children: dict[str, Node] = {"title": Field(signal.name)}
    for number, (name, axis) in enumerate(zip(names, axes, strict=True)):
        attributes[f"{name}_indices"] = Unsigned(number)
        if name.startswith("indices_"):
            children[name] = Field(list(range(axis.size)), {"long_name": f"{axis.name} (index)"})
        if name.startswith("indices_") and axis.is_calibrated:
            # The indices are NXem's; what changed from frame to frame stands beside them.
            attributes[f"axis_{axis.name}_indices"] = Unsigned(number)
            children[f"axis_{axis.name}"] = _build_axis(axis)
        elif name not in children:
            children[name] = _build_axis(axis)
    children[value] = StoredArray(signal.parts, {"long_name": label})
    return _nexus("NXdata", children, **attributes)


def _build_axis(axis: Coordinates) -> Field:
    positions = list_positions(0 if axis.positions else axis.size, offset=axis.offset, scale=axis.scale)
    positions.extend(axis.positions or ())
    if axis.unit is None:
        return Field(positions, {"long_name": f"{axis.name} (index)"})
    unit = _UNITS.get(axis.unit, axis.unit)
    return Field(positions, {"long_name": f"{axis.name} ({unit})", "units": unit})


def _build_own(measurement: ExportedMeasurement, missing: list[str]) -> Group:
    """Return what NXem has no words for: the license, the whole record, and what is not known."""
    record = measurement.record
    parts = {
        "license": record.license.id,
        "license_url": record.license.url,
        "license_name": record.license.name,
        "publisher": record.publisher,
        "dataset": record.id,
        "dataset_title": record.title,
        "dataset_version": "" if record.version is None else str(record.version),
        "dataset_address": record.address,
        "published": record.published.isoformat(),
        "measurement": measurement.id,
        "source_format": measurement.format,
        "schema": record.schema_iri or "",
        "metadata": json.dumps(measurement.metadata, ensure_ascii=False),
    }
    children: dict[str, Node] = {name: Field(text) for name, text in parts.items() if text}
    if missing:
        children["not_known"] = Field(missing)
    moments = (("start_time", "acquired_at"), ("sample/preparation_date", "sample.preparation_date"))
    days = [
        place for place, path in moments if len(_read_moment(measurement.metadata, path)) == len("2026-12-01")
    ]
    if days:
        children["known_to_the_day"] = Field(days)
    return _nexus("NXcollection", children)


def _nexus(name: str, children: Mapping[str, Node], **attributes: Value) -> Group:
    return Group(children, {"NX_class": name, **attributes})


EXPORT = StreamedExport(
    module=__name__,
    ending="nxem.nxs",
    label="NeXus NXem",
    media_type="application/x-hdf5",
    description="Every array as NXdata with axes and units, in the application definition NXem: instrument, sample, "
    "people, files, license, and the record as published. It claims to be NXem where all is known that this requires, "
    "else it says what is not. Values are compressed with Blosc as they are stored: reading them takes hdf5plugin.",
    specification="https://manual.nexusformat.org/classes/applications/NXem.html",
    rank=50,
    write=write_nxem,
    most_bytes=64 << 30,  # it cannot be continued where it broke off: what is larger is read as Zarr
)
