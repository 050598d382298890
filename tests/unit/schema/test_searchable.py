"""Searchable quantities: what the catalogue declares comes out of records, to the digits that it says."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repository.schema.documents.normalization import normalize_document
from repository.schema.quantities.electrons import compute_wavelength
from repository.schema.quantities.quantity import parse_quantity_text
from repository.schema.quantities.signals import SignalShape
from repository.schema.quantities.units import UNITS
from repository.schema.questions import fields
from repository.schema.search import searchable
from repository.schema.search.formulas import FormulaError, read_formula
from repository.schema.search.searchable import (
    QuantityClashError,
    SearchableQuantity,
    convert_from_column,
    derive_quantities,
    find_quantities,
    list_quantities,
)
from tests.unit.schema.documents import FOUR_D

CHECKED = [quantity for quantity in list_quantities() if quantity.check is not None]


def record(**said: Any) -> dict[str, Any]:
    return normalize_document({"technique": ["four_d_stem"], "origin": "measured", **said})


def patterns(side: int) -> list[SignalShape]:
    axes = [{"name": name, "size": 4} for name in ("scan_y", "scan_x")]
    axes += [{"name": name, "size": side} for name in ("detector_y", "detector_x")]
    return [SignalShape.from_dict({"name": "data", "axes": axes})]


@pytest.mark.parametrize("quantity", CHECKED, ids=lambda quantity: quantity.name)
def test_the_check_value_is_reproduced(quantity: SearchableQuantity) -> None:
    assert quantity.check is not None
    signals = None if quantity.check.detector is None else patterns(quantity.check.detector)
    found = derive_quantities(record(**quantity.check.given), signals)[quantity.column]
    assert found is not None
    number, _, unit = quantity.check.value.partition(" ")
    assert (unit or "1") == quantity.unit
    mantissa, _, exponent = number.partition("e")
    digits = len(mantissa.partition(".")[2])
    half_of_the_last_digit = 0.5 * 10.0 ** (int(exponent or 0) - digits)
    assert convert_from_column(quantity, found) == pytest.approx(float(number), abs=half_of_the_last_digit)


def test_every_formula_has_a_check() -> None:
    unchecked = [one.name for one in list_quantities() if one.formula is not None and one.check is None]
    assert unchecked == ["dwell_time"], "which is no physics: a camera's exposure stands for the dwell"


def test_what_is_achieved_says_who_tells_it_and_is_never_computed() -> None:
    achieved = [one for one in list_quantities() if one.origin == "achieved"]
    assert {one.source for one in achieved} == {"quality_report"}
    assert {
        "frc_limit",
        "column_precision",
        "measured_zero_loss_width",
        "counts_per_position",
        "current_stability",
    } <= {one.name for one in achieved}
    assert not {one.column for one in achieved} & derive_quantities(normalize_document(FOUR_D)).keys()


@given(volts=st.floats(min_value=500, max_value=3.5e6))
def test_two_ways_to_a_wavelength_agree(volts: float) -> None:
    found = derive_quantities(record(acceleration_voltage={"value": volts, "unit": "V"}))
    assert found["wavelength_m"] == pytest.approx(compute_wavelength(volts), rel=1e-12)


@pytest.mark.parametrize(
    ("kilovolts", "expected"), [(30, 58.34), (60, 113.70), (80, 149.17), (200, 343.74), (300, 489.03)]
)
def test_momentum_times_velocity(kilovolts: float, expected: float) -> None:
    found = derive_quantities(record(acceleration_voltage={"value": kilovolts, "unit": "kV"}))
    assert (found["momentum_velocity_v"] or 0) / 1e3 == pytest.approx(expected, abs=5e-3)


def test_what_is_not_said_is_not_assumed() -> None:
    found = derive_quantities(record(acceleration_voltage="80 kV", semi_convergence_angle="not recorded"))
    assert {column for column, value in found.items() if value is not None} == {
        "acceleration_voltage_v",
        "wavelength_m",
        "momentum_velocity_v",
    }
    assert (
        derive_quantities(record(semi_convergence_angle="21.4 mrad", acceleration_voltage="80 kV"))[
            "probe_diameter_m"
        ]
        is None
    ), "no defocus was given, and zero is one"


def test_what_is_said_goes_before_what_is_computed() -> None:
    said = {"probe_current": "2.8 pA", "dwell_time": "1 ms", "scan_step": "0.85 Ao"}
    computed = derive_quantities(record(**said))["electron_fluence_per_m2"]
    assert computed == pytest.approx(24_188.5e20, rel=1e-4)
    assert derive_quantities(record(**said, electron_fluence="5 Ao-2"))["electron_fluence_per_m2"] == 5e20
    assert derive_quantities(record(**said, scan="none"))["electron_fluence_per_m2"] is None


def test_energies_are_in_electronvolts_and_numbers_plain() -> None:
    found = derive_quantities(
        record(
            zero_loss_width="300 meV",
            sample={"relative_thickness": 0.4},
            environment={"temperature": "25 Cel"},
        )
    )
    assert found["zero_loss_width_ev"] == pytest.approx(0.3)
    assert found["relative_thickness"] == 0.4
    assert found["temperature_k"] == pytest.approx(298.15)


def test_columns_end_with_their_unit() -> None:
    for quantity in list_quantities():
        unit = quantity.column_unit
        assert UNITS[unit].dimension == UNITS[quantity.unit].dimension
        if unit != "1":
            ending = {"m-2": "per_m2", "m-2.s-1": "per_m2_s"}.get(unit, unit.lower())
            assert quantity.column.endswith(f"_{ending}"), quantity.column


def test_names_are_found_by_whatever_people_call_them() -> None:
    for name in ("voltage", "alpha", "convergence", "step", "dwell", "current", "dose", "collection"):
        assert find_quantities()[name].origin == "declared"
    assert find_quantities()["fluence"] is find_quantities()["dose"]
    for quantity in CHECKED:
        assert quantity.check is not None
        parse_quantity_text(quantity.check.value)


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os')",
        "a.b",
        "a if b else c",
        "[1]",
        "'text'",
        "f(1)",
        "1 +",
        "sqrt(x=1)",
        "a and b",
        "lambda: 1",
    ],
)
def test_a_formula_is_arithmetic(text: str) -> None:
    with pytest.raises(FormulaError):
        read_formula(text)


def test_the_dwell_follows_from_the_exposure_of_one_frame() -> None:
    """Frames that were added up count for the time at a position, and not for the dwell."""
    said = {"exposure_time": "2 ms", "frames_summed": 4, "scan_shape": [8, 8]}
    assert derive_quantities(record(**said))["dwell_time_s"] == pytest.approx(0.002)
    assert derive_quantities(record(**said, dwell_time="3 ms"))["dwell_time_s"] == pytest.approx(0.003)


@pytest.mark.parametrize(
    "text",
    [
        "1 / x",
        "sqrt(-1 - x)",
        "acos(2 + x)",
        "10.0 ** (400 + x)",
        "(-1 - x) ** 0.5",
        "(1e200 + x) * 1e200",
        "y",
    ],
)
def test_what_has_no_number_is_none(text: str) -> None:
    assert read_formula(text).compute({"x": 0.0, "y": None}) is None


@pytest.fixture
def catalogue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return a catalogue of our own to write into."""
    import shutil

    folder = tmp_path / "catalogue"
    shutil.copytree(fields.CATALOGUE, folder)
    monkeypatch.setattr(fields, "CATALOGUE", folder)
    remembered = (fields.load_catalogue, searchable.list_quantities, searchable.find_quantities)
    for one in remembered:
        one.cache_clear()
    yield folder
    monkeypatch.undo()
    for one in remembered:
        one.cache_clear()


HEAD = "toy: {title: T, description: D, "


def test_a_name_is_said_once(catalogue: Path) -> None:
    """YAML lets the later of two entries win in silence."""
    for name, told in (
        ("scan", "flyback_time stands twice in .*scan.yaml, again in line"),
        ("beam", "in another file before"),
    ):
        kept = (catalogue / f"{name}.yaml").read_text("utf-8")
        more = "flyback_time: {title: T, description: D, kind: text, group: scan}\n"
        (catalogue / f"{name}.yaml").write_text(kept + more, "utf-8")
        with pytest.raises(fields.CatalogueError, match=told):
            fields.load_catalogue()
        (catalogue / f"{name}.yaml").write_text(kept, "utf-8")
    assert "flyback_time" in fields.load_catalogue().measurement


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        (HEAD + "search: {column: wavelength_m, unit: pm}, formula: '1'}", "wavelength_m is said twice"),
        (HEAD + "search: {column: toy_m, unit: pm, aliases: [dose]}, formula: '1'}", "dose is said twice"),
        (HEAD + "search: {column: toy_m, unit: pm}, formula: 2 * nothing_m}", "needs nothing_m"),
        (
            HEAD + "search: {column: charge, unit: '1'}, formula: '1'}",
            "charge means something else in formulas",
        ),
        (
            HEAD + "search: {column: scan_extent_m, unit: nm}, formula: '1'}",
            "scan_extent_m means something else",
        ),
        (HEAD + "search: {column: toy_m, unit: pm}, formula: open(1)}", "is not arithmetic"),
        (HEAD + "search: {column: toy_m, unit: pm}}", "either `formula` or `source`"),
    ],
)
def test_a_catalogue_that_contradicts_itself_is_refused(catalogue: Path, entry: str, told: str) -> None:
    with (catalogue / "quantities.yaml").open("a") as file:
        file.write(f"{entry}\n")
    with pytest.raises(ValueError, match=told) as caught:
        list_quantities()
    assert isinstance(caught.value, QuantityClashError) or "quantities.yaml" in str(caught.value)
