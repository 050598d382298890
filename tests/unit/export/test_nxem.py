"""NXem: what the definition requires is there, values and units are ours, nothing is claimed that is not known."""

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import hdf5plugin  # noqa: F401 - its import registers Blosc
import numpy as np
import pytest
import yaml

from repository.exports.nxem import EXPORT, write_nxem
from repository.exports.subjects import ExportedMeasurement
from tests.exported_arrays import Store, axis, make_measurement, make_scan, make_signal

REQUIRED = yaml.safe_load((Path(__file__).parent / "nxem_required.yaml").read_text())
EVENT = "entry/measurement/event1"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Return a folder for arrays."""
    return Store(tmp_path)


def open_export(measurement: ExportedMeasurement, store: Store) -> h5py.File:
    return h5py.File(io.BytesIO(b"".join(write_nxem(measurement, store.read))), "r")


def text(node: Any) -> str:
    return str(node.asstr()[()])


def fits(name: str, concept: str, node: h5py.Group | h5py.Dataset) -> bool:
    """Return whether a node of the file is what the definition calls by this name."""
    if concept == name:
        return True
    if concept.isupper():
        return isinstance(node, h5py.Group) and node.attrs.get("NX_class") == f"NX{concept.lower()}"
    return concept.endswith("ID") and name.startswith(concept[:-2])


def list_missing(node: h5py.Group | h5py.Dataset, path: str) -> Iterator[str]:
    """Yield what the definition requires below a node and its concept, and what has another class."""
    rules = REQUIRED.get(path, {})
    if "class" in rules and node.attrs.get("NX_class") != rules["class"]:
        yield f"{node.name} is no {rules['class']}"
    children = dict(node) if isinstance(node, h5py.Group) else {}
    for concept in rules.get("requires", ()):
        is_there = (
            concept[1:] in node.attrs
            if concept.startswith("@")
            else any(fits(name, concept, child) for name, child in children.items())
        )
        if not is_there:
            yield f"{node.name}/{concept}"
    concepts = {known.removeprefix(f"{path}/") for known in REQUIRED if known.startswith(f"{path}/")}
    for name, child in children.items():
        for concept in sorted(concepts):
            if "/" not in concept and fits(name, concept, child):
                yield from list_missing(child, f"{path}/{concept}")
                break


KINDS = {
    "spectrum_2d": ((2, 3, 10), ("scan_y", "scan_x", "energy"), 1),
    "spectrum_0d": ((10,), ("energy",), 1),
    "spectrum_1d": ((4, 10), ("position", "energy"), 1),
    "image_1d": ((10,), ("position",), 1),
    "image_2d": ((4, 5), ("scan_y", "scan_x"), 2),
    "image_3d": ((2, 4, 5), ("scan_x", "detector_y", "detector_x"), 2),
    "image_4d": ((2, 3, 4, 5), ("scan_y", "scan_x", "detector_y", "detector_x"), 2),
}


def make_kind(store: Store, name: str, dtype: str = "float32") -> Any:
    shape, names, n_signal_axes = KINDS[name]
    units = {"energy": ("eV", 0.5), "detector_y": ("mrad", 0.2), "detector_x": ("mrad", 0.2)}
    axes = [axis(one, size, *units.get(one, ("nm", 0.1))) for one, size in zip(names, shape, strict=True)]
    values = np.arange(np.prod(shape), dtype=dtype).reshape(shape)
    return make_signal(store, name, values, axes, n_signal_axes)


def test_all_that_the_definition_requires_is_there(store: Store) -> None:
    measurement = make_measurement(
        make_scan(store),
        *(make_kind(store, name) for name in KINDS),
        stage_tilt_y={"value": 0, "unit": "deg"},
        stage_rotation={"value": 0, "unit": "deg"},
        stage_position_y={"value": 0, "unit": "um"},
        stage_position_z={"value": 1, "unit": "mm"},
    )
    with open_export(measurement, store) as file:
        assert list(list_missing(file["entry"], "/ENTRY")) == []
        assert text(file["entry/definition"]) == "NXem"
        assert file["entry/definition"].attrs["version"] == "v2026.01"
        assert "not_known" not in file["entry/stemma"]
        np.testing.assert_array_equal(file[f"{EVENT}/instrument/stage1/position"], [120, 0, 1000])
        written = {name for group in file[EVENT].values() if isinstance(group, h5py.Group) for name in group}
        assert set(KINDS) <= written


def test_a_simulation_is_one(store: Store) -> None:
    program = {"code": "abTEM", "version": "1.0.9"}
    measurement = make_measurement(make_scan(store), origin="simulated", simulation=program, instrument=None)
    with open_export(measurement, store) as file:
        assert list(list_missing(file["entry"], "/ENTRY")) == []
        assert "measurement" not in file["entry"]
        assert file["entry/sample/is_simulation"][()]
        assert text(file["entry/simulation/program1/program"]) == "abTEM"
        assert file["entry/simulation/results/image1/image_4d/real"].shape == (3, 4, 8, 6)


@pytest.mark.parametrize(
    ("changes", "missing"),
    [
        ({"acquired_at": None}, ["start_time"]),
        ({"acquired_at": {"missing": "not_recorded"}}, ["start_time"]),
        ({"sample": {"name": "x"}}, ["sample/preparation_date", "sample/atom_types"]),
        ({"sample": {"missing": "not_applicable"}}, ["sample/preparation_date", "sample/atom_types"]),
        (
            {"instrument": {"manufacturer": {"missing": "withheld"}, "model": "T"}},
            ["measurement/instrument/fabrication/vendor"],
        ),
    ],
)
def test_what_is_not_known_is_neither_made_up_nor_claimed(
    store: Store, changes: dict[str, Any], missing: list[str]
) -> None:
    with open_export(make_measurement(make_scan(store), **changes), store) as file:
        assert "definition" not in file["entry"]
        assert file["entry/stemma/not_known"].asstr()[...].tolist() == missing
        # Our own list says what the definition says.
        told = {f"/entry/{path}" for path in missing} | {"/entry/definition"}
        assert set(list_missing(file["entry"], "/ENTRY")) == told
        assert file[f"{EVENT}/image1/image_4d/real"].shape == (3, 4, 8, 6)


def test_a_time_without_zone_is_written_and_not_claimed(store: Store) -> None:
    """Which moment it was is not known; a day is written as its first moment, and says that it is a day."""
    local = {"value": "2025-03-01T14:20:00", "zone": "unknown"}
    sample = {"elements": ["Mo"], "preparation_date": "2025-02-27"}
    with open_export(make_measurement(make_scan(store), acquired_at=local, sample=sample), store) as file:
        assert "definition" not in file["entry"]
        assert file["entry/stemma/not_known"].asstr()[...].tolist() == ["start_time (time zone)"]
        assert text(file["entry/start_time"]) == "2025-03-01T14:20:00"
        assert text(file["entry/sample/preparation_date"]) == "2025-02-27T00:00:00+00:00"
        assert file["entry/stemma/known_to_the_day"].asstr()[...].tolist() == ["sample/preparation_date"]


def test_values_axes_and_units_are_those_of_the_measurement(store: Store) -> None:
    signal = make_scan(store)
    with open_export(make_measurement(signal), store) as file:
        data = file[f"{EVENT}/image1/image_4d"]
        assert data.attrs["signal"] == "real"
        assert data.attrs["axes"].tolist() == ["axis_m", "axis_k", "axis_j", "axis_i"]
        for number, (name, own) in enumerate(zip(data.attrs["axes"], signal.axes, strict=True)):
            found = data[name]
            assert data.attrs[f"{name}_indices"] == number
            assert found.attrs["units"] == own["unit"]
            assert own["name"] in found.attrs["long_name"]
            np.testing.assert_array_equal(found[...], own["offset"] + own["scale"] * np.arange(own["size"]))
        expected = np.random.default_rng(4).poisson(9.0, (3, 4, 8, 6)).astype("uint16")
        np.testing.assert_array_equal(data["real"], expected)
        assert data["real"].dtype == np.uint16


def test_instrument_sample_people_files_and_license_are_told(store: Store) -> None:
    measurement = make_measurement(make_scan(store))
    with open_export(measurement, store) as file:
        state = file[f"{EVENT}/instrument"]
        quantities = {
            name: (state[name][()], state[name].attrs["units"])
            for name in (
                "ebeam_column/electron_source/voltage",
                "ebeam_column/scan_controller/dwell_time",
                "optics/semi_convergence_angle",
                "optics/probe_current",
                "optics/camera_length",
            )
        }
        assert list(quantities.values()) == [
            (80, "kV"),
            (1.2, "ms"),
            (0.0214, "rad"),
            (31.5, "pA"),
            (0.115, "m"),
        ]
        assert "defocus" not in state["optics"], "a range is no value"
        sample = file["entry/sample"]
        assert (sample["thickness"][()], sample["thickness"].attrs["units"]) == (6.5, "angstrom")
        assert (text(sample["name"]), text(sample["atom_types"])) == ("MoS₂ on SiN", "Mo, S")
        assert text(file["entry/user1/identifier_orcid"]) == "https://orcid.org/0000-0002-1825-0097"
        assert text(file["entry/note1/checksum"]) == "1" * 64
        assert text(file["entry/start_time"]) == "2025-03-01T14:20:00+01:00"
        assert text(file["entry/cite1/doi"]) == "10.5072/k3f9-2xq7.v1"
        assert text(file["entry/stemma/license_url"]) == "https://spdx.org/licenses/CC-BY-4.0"
        assert json.loads(text(file["entry/stemma/metadata"])) == measurement.metadata


def test_defaults_lead_from_the_root_to_the_main_array(store: Store) -> None:
    survey = make_kind(store, "image_2d")
    with open_export(make_measurement(survey, make_scan(store)), store) as file:
        node = file
        while "default" in node.attrs:
            node = node[node.attrs["default"]]
        assert node.attrs["NX_class"] == "NXdata"
        assert node[node.attrs["signal"]].shape == (3, 4, 8, 6)


@pytest.mark.parametrize(
    ("dtype", "shape", "names"),
    [
        ("complex64", (4, 5), ("y", "x")),
        ("bool", (4, 5), ("y", "x")),
        ("uint8", (4, 5, 3), ("y", "x", "color")),
        ("float32", (2, 2, 3, 4, 5), ("time", "scan_y", "scan_x", "detector_y", "detector_x")),
        ("float32", (6,), ("wavelength",)),
        ("float32", (6,), ("energy",)),  # uncalibrated
    ],
)
def test_what_nxem_has_no_place_for_keeps_its_own_names(
    store: Store, dtype: str, shape: tuple[int, ...], names: tuple[str, ...]
) -> None:
    values = np.ones(shape, dtype)
    axes = [axis(name, size) for name, size in zip(names, shape, strict=True)]
    with open_export(make_measurement(make_signal(store, "data", values, axes, 1)), store) as file:
        data = file[f"{EVENT}/array1/data"]
        np.testing.assert_array_equal(data["values"], values)
        assert data["values"].dtype == values.dtype
        assert data.attrs["axes"].tolist() == [f"axis_{name}" for name in names]
        assert "units" not in data[f"axis_{names[0]}"].attrs
        np.testing.assert_array_equal(data[f"axis_{names[0]}"], np.arange(shape[0]))
        assert list(list_missing(file["entry"], "/ENTRY")) == []


def test_frames_of_a_series_are_a_stack_with_what_changed(store: Store) -> None:
    axes = [axis("tilt", 3), axis("y", 4, "nm", 0.1), axis("x", 5, "nm", 0.1)]
    signal = make_signal(store, "data", np.ones((3, 4, 5), "int16"), axes, 2)
    tilts = {"values": [-60, -10.5, 40], "unit": "deg"}
    with open_export(make_measurement(signal, series_tilts=tilts), store) as file:
        data = file[f"{EVENT}/image1/stack_2d"]
        assert data["indices_image"][...].tolist() == [0, 1, 2]
        assert data["axis_tilt"][...].tolist() == [-60, -10.5, 40]
        assert data["axis_tilt"].attrs["units"] == "degree"
        assert list(list_missing(file["entry"], "/ENTRY")) == []


def test_a_withheld_value_is_nowhere(store: Store) -> None:
    content = b"".join(write_nxem(make_measurement(make_scan(store)), store.read))
    with h5py.File(io.BytesIO(content), "r") as file:
        assert "serial_number" not in file["entry/measurement/instrument/fabrication"]
        assert '"serial_number": {"missing": "withheld"}' in text(file["entry/stemma/metadata"])


def test_the_file_says_what_it_is() -> None:
    assert (EXPORT.needs, EXPORT.media_type, EXPORT.relation) == ("arrays", "application/x-hdf5", "alternate")
