"""Presets of instruments: which of them speak of a measurement, and what they say beside its header."""

import datetime as dt
from typing import Any

import pytest

from repository.schema import merge_metadata, normalize_document, select_supplied
from repository.schema.documents.instrument_layer import (
    InstrumentIdentity,
    build_instrument_layer,
    choose_record,
    recognise_instrument,
)
from repository.schema.documents.presets import Preset, PresetBook, PresetMatch, list_entries
from repository.schema.quantities.quantity import read_quantity
from tests.unit.schema.test_answer_levels import PATH, look


def preset(
    name: str, conditions: dict[str, Any], values: dict[str, Any], since: str = "2025-01-01", until: str = ""
) -> Preset:
    return Preset(
        name,
        name,
        list_entries(normalize_document(conditions)),
        normalize_document(values),
        dt.date.fromisoformat(since),
        dt.date.fromisoformat(until) if until else None,
    )


def said(**more: Any) -> dict[str, Any]:
    return normalize_document({"acquired_at": "2026-03-04T10:00:00", **more})


AT_80 = preset(
    "80 kV", {"acceleration_voltage": "80 kV"}, {"semi_convergence_angle": "20 mrad", "monochromated": False}
)
SMALL = preset(
    "80 kV, 30 um",
    {"acceleration_voltage": "80 kV", "condenser_aperture": "30 um"},
    {"semi_convergence_angle": "15 mrad"},
)
FORMER = preset(
    "80 kV, before",
    {"acceleration_voltage": "80 kV"},
    {"semi_convergence_angle": "25 mrad"},
    "2024-01-01",
    "2024-12-31",
)
BOOK = PresetBook([FORMER, AT_80, SMALL])


@pytest.mark.parametrize(
    ("document", "names", "angle"),
    [
        (said(acceleration_voltage="79.98 kV"), ["80 kV"], 20),
        (said(acceleration_voltage="80 kV", condenser_aperture="0.03 mm"), ["80 kV", "80 kV, 30 um"], 15),
        (said(acceleration_voltage="80 kV", condenser_aperture="50 um"), ["80 kV"], 20),
        (said(acceleration_voltage="82 kV"), [], None),
        (
            normalize_document({"acquired_at": "2024-05-01", "acceleration_voltage": "80 kV"}),
            ["80 kV, before"],
            25,
        ),
        (normalize_document({"acquired_at": "2023-05-01", "acceleration_voltage": "80 kV"}), [], None),
        # Nobody knows the day: only what still holds is said.
        (normalize_document({"acceleration_voltage": "80 kV"}), ["80 kV"], 20),
        (said(acceleration_voltage={"range": [79, 81], "unit": "kV"}), [], None),
        (said(), [], None),
    ],
)
def test_a_preset_fits_what_is_said(document: dict[str, Any], names: list[str], angle: float | None) -> None:
    match = BOOK.match(document)
    assert [one.name for one in match.fitting] == names
    entry = match.values.get("semi_convergence_angle")
    assert (entry and entry["value"]) == angle
    assert not match.contested


def test_what_is_not_said_is_asked_and_may_be_chosen() -> None:
    document = said(acceleration_voltage="80 kV")
    match = BOOK.match(document)
    assert [(one.name, unsaid) for one, unsaid in match.open] == [("80 kV, 30 um", ("condenser_aperture",))]
    chosen = BOOK.match(document, chosen=[SMALL.id])
    assert chosen.values["semi_convergence_angle"]["value"] == 15
    # Nobody else said the aperture: who chooses the preset says it.
    assert chosen.values["condenser_aperture"]["value"] == 30
    against = BOOK.match(said(acceleration_voltage="300 kV"), chosen=[SMALL.id])
    assert against.fitting == (), "what is known is not chosen away"


def test_presets_of_one_rank_that_contradict_say_nothing() -> None:
    other = preset("80 kV, again", {"acceleration_voltage": "80 kV"}, {"semi_convergence_angle": "22 mrad"})
    document = said(acceleration_voltage="80 kV", condenser_aperture="50 um")
    match = PresetBook([AT_80, other]).match(document)
    assert match.contested == ("semi_convergence_angle",)
    assert match.values == {"monochromated": False}
    newer = preset(
        "newer", {"acceleration_voltage": "80 kV"}, {"semi_convergence_angle": "23 mrad"}, "2026-01-01"
    )
    settled = PresetBook([newer, AT_80, other]).match(document)
    assert settled.values["semi_convergence_angle"]["value"] == 23
    assert not settled.contested


def test_ten_thousand_presets_are_looked_through_once_for_each_setting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    book = PresetBook(
        preset(
            f"{number}",
            {"acceleration_voltage": f"{number / 100 + 20} kV"},
            {"spot_size": number},
            "2025-01-01",
        )
        for number in range(10_000)
    )
    looked: list[object] = []
    look_up = PresetBook._look_up

    def note(book: PresetBook, *given: Any) -> PresetMatch:
        looked.append(given)
        return look_up(book, *given)

    monkeypatch.setattr(PresetBook, "_look_up", note)
    matches = [book.match(said(acceleration_voltage="80 kV")) for _ in range(50)]
    assert len(looked) == 1
    # 1 % of 80 kV either way; the numbers are hundredths of a kilovolt.
    assert len(matches[-1].fitting) == pytest.approx(160, abs=2)


IDENTITY = InstrumentIdentity(
    "k3m7-x0dz",
    {"name": "Titan 2", "model": "Titan 80-300", "serial_number": "D3391", "facility": "Hall 4"},
    ("TEAM-I",),
)


@pytest.mark.parametrize(
    ("instrument", "certainty"),
    [
        ({"serial_number": "d-3391", "name": "whatever"}, "serial"),
        ({"serial_number": "SUPRA 55-D3391"}, "serial"),
        ({"serial_number": "D3392", "model": "Titan 80-300"}, "other"),
        ({"name": "team_i"}, "name"),
        ({"model": "TITAN 80/300"}, "name"),
        ({"name": "JEOL ARM"}, "other"),
        ({"software": "Merlin 0.7"}, "unsaid"),
        ({}, "unsaid"),
    ],
)
def test_a_header_is_recognised(instrument: dict[str, str], certainty: str) -> None:
    header = {"instrument": instrument} if instrument else {}
    assert recognise_instrument(header, IDENTITY) == certainty


def test_a_serial_number_settles_between_two_of_a_model() -> None:
    twin = InstrumentIdentity(
        "p0dd-22xt", {"name": "Titan 3", "model": "Titan 80-300", "serial_number": "D4000"}
    )
    assert choose_record({"instrument": {"model": "Titan 80-300"}}, [IDENTITY, twin]) == (IDENTITY, twin)
    header = {"instrument": {"model": "Titan 80-300", "serial_number": "D4000"}}
    assert choose_record(header, [IDENTITY, twin]) == (twin,)


def test_a_header_wins_what_was_measured_and_both_are_shown() -> None:
    header = {
        "technique": ["annular"],
        "acceleration_voltage": "80 kV",
        "acquired_at": "2026-03-04",
        "semi_convergence_angle": {"value": 30, "unit": "mrad", "basis": "measured"},
        "instrument": {"name": "TEAM-I"},
    }
    layer = build_instrument_layer(IDENTITY, BOOK.match(normalize_document(header)), header)
    assert layer["instrument"] == {
        "id": "k3m7-x0dz",
        "model": "Titan 80-300",
        "serial_number": "D3391",
        "facility": "Hall 4",
        "preset": "80 kV (since 2025-01-01)",
    }, "by the name in the header it was recognised: that stays"
    document = {"instruments": {PATH: layer}}
    merged = merge_metadata(header=header, supplied_layers=select_supplied(document, PATH))
    assert merged.document["semi_convergence_angle"]["value"] == 30
    assert merged.document["instrument"]["name"] == {"value": "TEAM-I", "source": "header"}
    assert [(one.code, one.pointer) for one in merged.conflicts] == [
        ("header_conflict", "/semi_convergence_angle")
    ]
    assert "preset" in merged.conflicts[0].message
    cell = look(document, header)["semi_convergence_angle"]
    assert (cell["state"], cell["level"], cell["text"]) == ("conflict", "header", "30 mrad")
    assert [(one["level"], one["text"]) for one in cell["below"]] == [("instrument", "20 mrad")]
    # A rule of a person goes before the record, and what differs for the file leaves the record out, too.
    del header["semi_convergence_angle"]
    assert look(document, header)["semi_convergence_angle"]["source"] == "instrument"
    ruled = {**document, "defaults": {"semi_convergence_angle": "17 mrad"}}
    assert look(ruled, header)["semi_convergence_angle"]["text"] == "17 mrad"
    differing = {**document, "differs": {PATH: ["semi_convergence_angle"]}}
    assert look(differing, header)["semi_convergence_angle"]["state"] == "needed"


def test_a_preset_does_not_speak_of_what_is_not_asked_of_a_technique() -> None:
    match = PresetBook([preset("rays", {}, {"eds": {"elevation": "22 deg"}, "monochromated": True})]).match(
        said()
    )
    document = {"instruments": {PATH: build_instrument_layer(IDENTITY, match, {})}}
    for technique, has in (("eds", True), ("annular", False)):
        header = {"technique": [technique]}
        merged = merge_metadata(header=header, supplied_layers=select_supplied(document, PATH)).document
        assert ("eds" in merged) is has
    assert (
        read_quantity(
            merge_metadata(
                header={"technique": ["eds"]}, supplied_layers=select_supplied(document, PATH)
            ).document["eds"]["elevation"]
        )
        is not None
    )
