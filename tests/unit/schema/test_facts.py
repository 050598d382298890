from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repository.schema.documents.normalization import normalize_document
from repository.schema.quantities.signals import SignalShape
from repository.schema.search.facts import Facts, derive_facts
from tests.unit.schema.documents import FOUR_D, annular, eels, four_d, scan_4d, spectrum_image


def facts(document: dict[str, Any], signals: Any = None) -> Facts:
    return derive_facts(normalize_document(document), signals)


def test_a_ptychography_scan_in_si() -> None:
    found = facts(four_d(), scan_4d())
    assert found.acceleration_voltage_v == 80e3
    assert found.wavelength_m == pytest.approx(4.1757e-12, abs=5e-17)
    assert found.semi_convergence_angle_rad == pytest.approx(21.4e-3)
    assert found.scan_step_m == pytest.approx(85e-12)
    assert found.probe_current_a == pytest.approx(2.8e-12)
    assert found.time_per_position_s == 1e-3
    assert found.electrons_per_position == pytest.approx(17_476, rel=1e-4)
    assert (found.electron_fluence_per_m2 or 0) / 1e20 == pytest.approx(24_189, rel=1e-4)
    assert found.fluence_origin == "derived"
    assert found.field_of_view_m == pytest.approx(54 * 85e-12)
    assert found.diffraction_half_width_rad == pytest.approx(64 * 1.4e-3)
    assert (found.techniques, found.scan, found.elements) == (("four_d_stem",), "raster", ("Mo", "S"))
    assert (found.sample_name, found.instrument_name, found.camera_name) == (
        "MoS2 on SiN",
        "Titan 2",
        "EMPAD",
    )
    assert found.acquired_at == "2024-05-02T10:20:00+02:00"


def test_a_step_may_differ_by_axis() -> None:
    found = facts(four_d(scan_step={"value": [0.1, 0.4], "unit": "nm"}))
    assert (found.scan_step_y_m, found.scan_step_x_m) == (1e-10, 4e-10)
    assert found.scan_step_m == pytest.approx(2e-10)


def test_arrays_answer_where_the_document_is_silent() -> None:
    found = facts({"technique": "four_d_stem", "acceleration_voltage": "80 kV"}, scan_4d(calibrated=True))
    assert found.scan_shape == (52, 54)
    assert found.scan_step_m == pytest.approx(85e-12)
    assert found.diffraction_pixel_rad == pytest.approx(1.4e-3)
    assert found.detector_shape == (128, 128)


def test_reciprocal_pixels_become_angles_where_the_wavelength_is_known() -> None:
    found = facts(four_d(diffraction_pixel_size="0.01 Ao-1"))
    assert found.diffraction_pixel_rad == pytest.approx(0.41757e-3, rel=1e-4)
    assert (
        facts(four_d(diffraction_pixel_size="0.01 Ao-1", acceleration_voltage=None)).diffraction_pixel_rad
        is None
    )


def test_summed_frames_add_dose_and_stated_dose_wins() -> None:
    one, ten = facts(four_d()), facts(four_d(frames_summed=10))
    assert ten.electron_fluence_per_m2 == pytest.approx(10 * (one.electron_fluence_per_m2 or 0))
    stated = facts(four_d(electron_fluence="100 Ao-2"))
    assert (stated.electron_fluence_per_m2, stated.fluence_origin) == (1e22, "declared")


def test_ranges_count_with_their_middle_and_gaps_as_nothing() -> None:
    assert facts(four_d(probe_current="20-30 pA")).probe_current_a == pytest.approx(25e-12)
    assert facts(four_d(probe_current="not recorded")).probe_current_a is None


def test_the_outermost_detector_is_the_one_to_search_by() -> None:
    two = [
        {"name": "BF", "inner_angle": "0 mrad", "outer_angle": "20 mrad"},
        {"name": "HAADF", "inner_angle": "68 mrad", "outer_angle": "200 mrad"},
    ]
    found = facts(annular(annular_detectors=two))
    assert [detector.name for detector in found.detectors] == ["BF", "HAADF"]
    assert [found.detector_inner_angle_rad, found.detector_outer_angle_rad] == pytest.approx([0.068, 0.2])


def test_energy_axes_from_document_and_array() -> None:
    array = facts(eels(energy_axis=None), spectrum_image())
    energies = [array.energy_start_ev, array.energy_bin_width_ev, array.energy_end_ev]
    assert energies == pytest.approx([-20, 0.5, 479.5])
    stated = facts(eels(energy_axis={"start": "0.1 keV", "bin_width": "1 eV", "channels": 101}))
    assert [stated.energy_start_ev, stated.energy_end_ev] == pytest.approx([100, 200])
    assert facts(eels(zero_loss_width="300 meV")).zero_loss_width_ev == pytest.approx(0.3)
    assert facts(eels()).monochromated is False


def test_nothing_declared_is_nothing_known() -> None:
    empty = facts({})
    assert (empty.techniques, empty.scan, empty.origin) == ((), "none", "measured")
    assert empty.wavelength_m is None
    assert empty.detectors == ()


def test_signals_come_from_json() -> None:
    entry = {
        "name": "data",
        "axes": [{"name": "energy", "size": 4, "unit": "eV", "scale": 0.5, "offset": None}],
    }
    signal = SignalShape.from_dict(entry)
    assert signal.shape == (4,)
    assert signal.axes[0].offset == 0.0


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["value", "unit", "range", "values"]), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from([*FOUR_D, "annular_detectors", "energy_axis", "frames_summed"]), JSON))
def test_no_document_breaks_the_facts(document: dict[str, Any]) -> None:
    assert isinstance(facts(document, scan_4d()), Facts)
