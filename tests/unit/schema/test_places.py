"""Everything that the decided table and the asked-for metadata M1 to M35 name has a place in the version in force.

Places are fields; `role:` is a link to another measurement, a record or a figure; `word:` a word of a vocabulary;
`key:` what stands beside any value. The open formats of M22 are no metadata: arrays are Zarr, exports documented.
"""

from collections.abc import Mapping

import pytest

from repository.schema.checks.validation import check_supplied_layer
from repository.schema.documents.levels import place_entry
from repository.schema.questions.fields import load_catalogue
from repository.schema.versions.in_force import VERSION_IN_FORCE

ASKED_FOR: Mapping[str, str] = {
    "M1 accelerating voltage": "acceleration_voltage",
    "M2 probe convergence angle": "semi_convergence_angle",
    "M3 step between probe positions": "scan_step",
    "M4 dwell time": "dwell_time",
    "M5 rough estimate of the beam current": "probe_current",
    "M6 response of the detector": "detector_response.gain detector_response.map detector_response.modulation_transfer",
    "M7 angular range of annular detectors": "annular_detectors[].inner_angle annular_detectors[].outer_angle",
    "M8 position and rotation of segments": "segments[].azimuth segments[].azimuth_extent segments[].inner_angle"
    " segments[].outer_angle",
    "M9 position and orientation of the pattern": "diffraction_rotation detector_to_scan_matrix",
    "M10 time of each frame": "series_times",
    "M11 tilt for each time": "series_tilts",
    "M12 energy range, bin width": "energy_axis.start energy_axis.end energy_axis.bin_width",
    "M13 monochromation": "monochromated monochromator_settings",
    "M14 collection angle": "collection_semi_angle",
    "M15 output pixel or reference": "diffraction_pixel_size reciprocal_pixel_size diffraction_reference"
    " role:calibration_reference",
    "M16 scan against detector": "detector_to_scan_matrix scan_rotation",
    "M17 probe through vacuum": "vacuum_probe role:vacuum_probe",
    "M18 source, focusing, corrector, projector": "instrument.source spot_size gun_lens condenser_aperture lens_mode"
    " corrector aberrations camera_length projector_settings extraction_voltage emission_current",
    "M18 vacuum, hardware, software": "instrument.column_pressure instrument.model camera.model spectrometer.name"
    " eds.detector instrument.software",
    "M19 sample notes": "sample.preparation sample.geometry sample.beam_exposure",
    "M20 survey images": "role:survey_image",
    "M21 sample tilt": "stage_tilt_x stage_tilt_y zone_axis orientation",
    "M23 dark count, gain, full beam": "detector_response.dark_level detector_response.gain"
    " detector_response.full_beam",
    "M24 shadowing, map, incoherence, thickness": "detector_response.cut_offs detector_response.map"
    " effective_source_size defocus_spread sample.thickness sample.thickness_method",
    "M25 displacement of the aperture, resolution": "momentum_offset momentum_resolution semi_convergence_angle",
    "M26 aloof geometry": "aloof.impact_parameter aloof.incidence_angle",
    "M27 phase plate, shaped beams": "phase_plate",
    "M28 scan pattern, fast direction, rotation between frames": "scan_pattern word:scan_pattern.spiral"
    " word:scan_pattern.random word:scan_pattern.hilbert word:scan_pattern.blanked fast_scan_axis scan_rotation"
    " word:series.rotation series_values",
    "M29 defocus, aberrations, through focus": "defocus defocus_sign aberrations series_defocus",
    "M30 holder, environment, against time": "environment.holder environment.temperature environment.pressure"
    " environment.gas environment.atmosphere environment.stimulus environment.stimulus_series",
    "M31 camera": "camera.frame_rate camera.readout_shape camera.gain_mode camera.shutter"
    " camera.correlated_double_sampling camera.mode",
    "M32 dose, dose rate, pulses": "electron_fluence electron_flux beam_modulation",
    "M33 energy spread": "zero_loss_width",
    "M34 magnetic field, lens mode": "specimen_magnetic_field lens_mode",
    "M35 light, cryo temperature, scan of spectra": "cathodoluminescence.light environment.temperature scan",
}
NAMED_IN_THE_TABLE: Mapping[str, str] = {
    "technique, axes with units, origin, level": "technique scan series axes[].unit origin level",
    "sample name, elements or formula, preparation, record": "sample.name sample.elements sample.formula"
    " sample.preparation sample.id",
    "instrument, record, date": "instrument.name instrument.id acquired_at",
    "illumination": "illumination word:illumination.convergent word:illumination.parallel word:illumination.precession",
    "scan shape, step, pattern": "scan_shape scan_step scan_pattern scan_positions",
    "pixel size on the specimen": "pixel_size",
    "dwell, exposure or live time": "dwell_time exposure_time live_time",
    "beam current or fluence": "probe_current electron_fluence",
    "tilts, zone, untilted": "stage_tilt_x stage_tilt_y zone_axis orientation",
    "annular angles, nominal camera length": "annular_detectors[].inner_angle annular_detectors[].camera_length",
    "response, MTF": "detector_response.dark_level detector_response.modulation_transfer",
    "segment radii, azimuths, channels": "segments[].inner_angle segments[].azimuth segments[].signal",
    "matrix or not measured": "detector_to_scan_matrix",
    "output pixel or reference": "diffraction_pixel_size diffraction_reference",
    "camera, mode, frame time": "camera.name camera.mode camera.frame_time",
    "vacuum probe or reason": "vacuum_probe role:vacuum_probe",
    "time per frame": "series_times",
    "tilt per frame, tilt axis, dose": "series_tilts tilt_axis_angle cumulative_electron_fluence",
    "energy or wavelength axis": "energy_axis.bin_width wavelength_axis.start wavelength_axis.bin_width",
    "collection angle or slit, mono, ZLP, low loss": "collection_semi_angle spectrometer.slit monochromated"
    " zero_loss_width low_loss role:low_loss",
    "EDS geometry": "eds.elevation eds.azimuth eds.solid_angle",
    "CL detector, grating or filter, light": "cathodoluminescence.detector cathodoluminescence.grating"
    " cathodoluminescence.filter cathodoluminescence.light",
    "environment, stimulus against time": "in_situ environment.stimulus environment.stimulus_series",
    "code, version, structure, parameters, seed": "simulation.code simulation.version simulation.structure"
    " simulation.parameters simulation.seed",
    "inputs, method, version, columns": "derivation.inputs role:derived_from derivation.method"
    " derivation.method_version derivation.columns[].name",
    "processing steps with software": "processing_steps[].step processing_steps[].software",
    "frames summed": "frames_summed",
    "intensity unit": "intensity_unit word:intensity_unit.electrons word:intensity_unit.counts word:intensity_unit.adu"
    " word:intensity_unit.beam_fraction",
    "precession angle": "precession_angle",
    "fast-scan axis and flyback": "fast_scan_axis flyback_time flyback_pixels",
    "monochromation": "monochromated monochromator_settings",
    "aloof geometry, phase plate": "aloof.impact_parameter phase_plate",
    "holder and environment": "environment.holder environment.atmosphere",
    "magnetic field, lens mode": "specimen_magnetic_field lens_mode",
    "cumulative fluence with survey, damage": "cumulative_electron_fluence damage_observed",
    "paper figure and measurement": "role:shown_in",
    "CIF or phase id": "sample.phases",
    "instrument preset used": "instrument.preset",
    "what it was calibrated from": "key:calibrated_from",
    "outcome: goal, whether it was reached, why": "outcome.goal outcome.reached outcome.why word:outcome.reached"
    " word:outcome.partly word:outcome.not_reached",
}
PLACES = [
    (item, place)
    for items in (ASKED_FOR, NAMED_IN_THE_TABLE)
    for item, places in items.items()
    for place in places.split()
]


def test_all_thirty_five_are_looked_at() -> None:
    numbers = {int(item.split(maxsplit=1)[0][1:]) for item in ASKED_FOR}
    assert set(range(1, 36)) - numbers == {22}, "open formats are no metadata"
    assert VERSION_IN_FORCE == "1.1.0"


@pytest.mark.parametrize(("item", "place"), PLACES, ids=str)
def test_it_has_a_place(item: str, place: str) -> None:
    catalogue = load_catalogue()
    kind, _, name = place.rpartition(":")
    if kind == "role":
        assert name in catalogue.words("link_role")
    elif kind == "word":
        vocabulary, _, word = name.partition(".")
        assert word in catalogue.words(vocabulary)
    elif kind == "key":
        layer = {"diffraction_pixel_size": {"value": 0.4, "unit": "mrad", name: "semi_convergence_angle"}}
        assert [one for one in check_supplied_layer(layer) if one.severity == "error"] == []
    else:
        field = catalogue.measurement[place]
        assert field.title
        assert field.description


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("effective_source_size", "80 pm"),
        ("defocus_spread", "5 nm"),
        ("beam_modulation", "continuous"),
        ("projector_settings", "EFTEM, descan on"),
        ("sample.thickness_method", "PACBED"),
        ("instrument.column_pressure", "1e-5 Pa"),
        ("detector_response.cut_offs", "Cut off above 170 mrad"),
        ("momentum_resolution", "0.2 Ao-1"),
        ("scan_pattern", "blanked"),
        ("outcome.reached", "not_reached"),
    ],
)
def test_what_is_new_takes_what_its_example_says(path: str, said: str) -> None:
    assert check_supplied_layer(place_entry({}, path, said)) == []


@pytest.mark.parametrize(
    ("path", "said", "code"),
    [
        ("effective_source_size", "80 kV", "unit_not_allowed"),
        ("instrument.column_pressure", "-1 Pa", "value_impossible"),
        ("momentum_resolution", "400 mrad", "value_impossible"),
        ("outcome.reached", "maybe", "not_a_choice"),
        ("outcome", "it worked", "wrong_type"),
    ],
)
def test_what_is_new_refuses_what_cannot_be(path: str, said: str, code: str) -> None:
    found = check_supplied_layer(place_entry({}, path, said))
    assert [one.code for one in found if one.severity == "error"] == [code]
