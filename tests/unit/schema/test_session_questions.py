"""How many questions a session of forty measurements of four kinds asks: with records, and without.

A question is one field that is answered for all, for a kind or for chosen files; choosing a record, the presets of it
that held and confirming the techniques are one each, and so is the title of the dataset. What is prefilled and left
as it is, such as an assumed raster, is none. Each answer below is typed into one cell of the table.
The headers say what those of the formats say: DM of a scanned image, of EELS and of EDS, and a Merlin, which knows
neither microscope nor voltage. The name of the sample tells its elements; one that does not costs one question more.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from repository.schema import merge_metadata, normalize_document, select_supplied
from repository.schema.checks.cell_values import read_typed
from repository.schema.documents.instrument_layer import InstrumentIdentity, consult_record
from repository.schema.documents.levels import place_entry
from repository.schema.documents.presets import PresetBook
from repository.schema.quantities.signals import SignalShape
from repository.schema.questions.requirements import list_requirements
from tests.unit.schema.test_presets import preset

Session = list[tuple[str, dict[str, Any], tuple[SignalShape, ...]]]


def shape(*axes: tuple[str, int, float | None, str | None]) -> tuple[SignalShape, ...]:
    told = [
        {"name": name, "size": size, "scale": scale, "unit": unit, "offset": 0.0}
        for name, size, scale, unit in axes
    ]
    return (SignalShape.from_dict({"name": "data", "axes": told}),)


SCAN = (("scan_y", 256, 0.2, "nm"), ("scan_x", 256, 0.2, "nm"))
BARE = (("scan_y", 256, None, None), ("scan_x", 256, None, None))
ENERGY = ("energy", 2048, 0.5, "eV")
FRAME = (("detector_y", 256, None, None), ("detector_x", 256, None, None))
EVERY: dict[str, Any] = {"origin": "measured", "level": "raw", "acquired_at": "2026-03-04T10:00:00"}
DM: dict[str, Any] = {
    **EVERY,
    "instrument": {"name": "TITAN"},
    "acceleration_voltage": "80 kV",
    "dwell_time": "10 us",
}
KINDS: Mapping[str, tuple[int, dict[str, Any], tuple[SignalShape, ...]]] = {
    "image": (16, {**DM, "technique": ["annular"], "camera_length": "115 mm"}, shape(*SCAN)),
    "patterns": (
        12,
        {**EVERY, "technique": ["four_d_stem"], "camera": {"name": "Merlin", "frame_time": "1 ms"}},
        shape(*BARE, *FRAME),
    ),
    "eels": (6, {**DM, "technique": ["eels"], "collection_semi_angle": "40 mrad"}, shape(*SCAN, ENERGY)),
    "eds": (6, {**DM, "technique": ["eds"]}, shape(*SCAN, ENERGY)),
}


def make_session() -> Session:
    return [
        (f"{name}_{number}", dict(header), signals)
        for name, (count, header, signals) in KINDS.items()
        for number in range(count)
    ]


def layer_of(entries: Mapping[str, Any]) -> dict[str, Any]:
    layer: dict[str, Any] = {}
    for path, entry in entries.items():
        layer = place_entry(layer, path, entry)
    return layer


def list_asked(session: Session, document: Mapping[str, Any]) -> Iterator[str]:
    """Yield the required fields that somebody still has to answer, of every measurement."""
    for path, header, signals in session:
        layers = select_supplied(document, path)
        merged = merge_metadata(header=header, supplied_layers=layers, signals=signals).document
        for asked in list_requirements(normalize_document(merged), signals=signals):
            if asked.level == "required" and asked.state == "missing":
                yield asked.path


BEAM = {"acceleration_voltage": "80 kV", "condenser_aperture": "30 um"}
AT_115 = {"acceleration_voltage": "80 kV", "camera_length": "115 mm"}
RECORD = InstrumentIdentity("k3m7-x0dz", {"name": "Titan 2", "model": "Titan 80-300"}, ("TITAN",))
PRESETS = (
    preset("always", {}, {"scan_pattern": "raster", "monochromated": False, "eds": {"elevation": "18 deg"}}),
    preset("30 um", BEAM, {"semi_convergence_angle": "21.4 mrad", "probe_current": "50 pA"}),
    preset(
        "HAADF at 115 mm",
        AT_115,
        {"annular_detectors": [{"name": "HAADF", "inner_angle": "68 mrad", "outer_angle": "200 mrad"}]},
    ),
    preset(
        "Merlin at 115 mm",
        {**AT_115, "camera": {"name": "Merlin"}},
        {"diffraction_pixel_size": "0.45 mrad", "detector_to_scan_matrix": [[0.0, 1.0], [-1.0, 0.0]]},
    ),
)
SAMPLE = {"id": "p0dd-22xt", "name": "Batch 7 / L2", "elements": ["Mo", "S"], "preparation": "FIB, 2 kV"}
BY_HAND = ("title", "techniques")


# What a person answers who has no records: for all, for the images, for the patterns, for the spectra.
ANSWERS: Mapping[str, Mapping[str, str]] = {
    "defaults": {
        "sample.name": "Batch 7 / L2 (MoS2)",
        "sample.preparation": "FIB, 2 kV",
        "semi_convergence_angle": "21.4 mrad",
        "probe_current": "about 50 pA",
        "orientation": "untilted",
    },
    "image_*": {"annular_detectors": "68–200 mrad"},
    "patterns_*": {
        "instrument.name": "TITAN",
        "acceleration_voltage": "80 kV",
        "scan_step": "0.2 nm",
        "detector_to_scan_matrix": "not measured",
        "diffraction_pixel_size": "0.45 mrad",
    },
    "eels_*": {"monochromated": "no"},
}


def answer(typed: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    """Return the document of answers as cells take them: for all, and for the files that a pattern names."""
    layers = {
        key: layer_of({path: read_typed(path, text).entry for path, text in said.items()})
        for key, said in typed.items()
    }
    return {"defaults": layers.pop("defaults"), "measurements": layers}


def test_a_session_without_records_asks_fourteen_questions() -> None:
    session = make_session()
    assert len(session) == 40
    assert set(list_asked(session, answer(ANSWERS))) == set(), "these answers are all that is needed"
    assert len(BY_HAND) + sum(map(len, ANSWERS.values())) == 14
    for pattern, said in ANSWERS.items():
        for path in said:
            rest = {field: text for field, text in said.items() if field != path}
            assert set(list_asked(session, answer({**ANSWERS, pattern: rest}))), f"{path} is needed"


def test_a_session_with_records_asks_seven_questions() -> None:
    session = make_session()
    # One click each: the instrument, with the presets that held as far as headers cannot say it, and the sample.
    book = PresetBook(PRESETS)
    chosen = ["30 um", "HAADF at 115 mm", "Merlin at 115 mm"]
    said = {
        path: consult_record(RECORD, book, header=header, layers=(), chosen=chosen)
        for path, header, _ in session
    }
    assert all(one.is_meant for one in said.values())
    document: dict[str, Any] = {
        "instruments": {path: layer_of(one.entries) for path, one in said.items()},
        "defaults": {"sample": SAMPLE},
    }
    left = sorted(set(list_asked(session, document)))
    assert left == ["scan_step", "stage_tilt_x"], (
        "where the scan was calibrated, and how the sample was tilted"
    )
    clicks = ("instrument", "presets", "sample")
    assert len((*BY_HAND, *clicks, *left)) == 7
    # What is chosen for all speaks of nothing that a measurement has no use for.
    given = {kind: said[f"{kind}_0"].entries for kind in KINDS}
    assert given["eels"]["instrument.preset"] == "always (since 2025-01-01); 30 um (since 2025-01-01)"
    assert {"camera.name", "camera_length", "annular_detectors"}.isdisjoint(given["eels"])
    assert given["patterns"]["camera_length"]["value"] == 115
    assert given["image"]["annular_detectors"][0]["outer_angle"]["value"] == 200
    assert "diffraction_pixel_size" not in given["image"]
