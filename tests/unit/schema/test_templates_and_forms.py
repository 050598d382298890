import json
from typing import Any

import pytest

from repository.schema.checks.supplied import validate_supplied
from repository.schema.documents.metadata_text import read_metadata_text
from repository.schema.documents.normalization import normalize_document
from repository.schema.documents.templates import render_template, template
from repository.schema.export.vocabulary import RELATION_TYPES
from repository.schema.questions.fields import load_catalogue
from repository.schema.questions.forms import describe_form
from repository.schema.questions.relations import RELATIONS, find_relation
from tests.unit.schema.documents import four_d

TECHNIQUES = load_catalogue().words("technique")


@pytest.mark.parametrize("technique", TECHNIQUES)
def test_a_template_is_a_well_formed_document(technique: str) -> None:
    text = render_template([technique])
    assert read_metadata_text(text) == template([technique])
    assert validate_supplied(read_metadata_text(text)) == []
    assert all("None" not in line for line in text.splitlines())


def test_a_template_asks_what_the_technique_needs() -> None:
    defaults = template(["eels"])["defaults"]
    assert set(defaults["energy_axis"]) == {"start", "bin_width"}
    assert "acceleration_voltage" in defaults
    assert "detector_to_scan_matrix" not in defaults
    assert "inner_angle" in template(["annular"])["defaults"]["annular_detectors"][0]
    assert "semi_convergence_angle:" in render_template(["four_d_stem"])
    assert "[mrad, rad" in render_template(["four_d_stem"])


def test_a_template_asks_for_the_description_too() -> None:
    dataset = template(["annular"])["dataset"]
    assert set(dataset["funding"][0]) == {"funder", "funder_id", "award"}
    assert dataset["access"] is dataset["embargo_until"] is None
    text = render_template(["annular"])
    assert "IsSupplementTo (this data supplements it)" in text
    assert "access:" in text
    assert "one of open, embargoed, restricted" in text
    # A line that is left empty says nothing; nothing is asked in half a row.
    assert normalize_document(dataset, kind="dataset") == {"license": "CC-BY-4.0"}


KINDS = ["four_d_stem", "eels", "annular+eels"]


def test_a_template_of_several_kinds_has_a_pattern_for_each() -> None:
    document = template(KINDS)
    assert list(document["measurements"]) == [f"{kind}/**" for kind in KINDS]
    assert [layer["technique"] for layer in document["measurements"].values()] == [
        ["four_d_stem"],
        ["eels"],
        ["annular", "eels"],
    ]
    text = render_template(KINDS)
    assert read_metadata_text(text) == document
    assert validate_supplied(document) == []


def test_what_only_some_kinds_are_asked_stands_with_them() -> None:
    document = template(KINDS)
    assert "acceleration_voltage" in document["defaults"]
    assert "technique" not in document["defaults"]
    assert "detector_to_scan_matrix" in document["kinds"]["four_d_stem"]
    assert set(document["kinds"]["eels"]["energy_axis"]) == {"start", "bin_width"}
    assert "detector_to_scan_matrix" not in document["kinds"]["eels"]
    for kind in KINDS:
        alone = {path for path in template([kind])["defaults"] if path != "technique"}
        assert alone == {*document["defaults"], *document["kinds"][kind]}


def test_the_relations_are_datacites() -> None:
    assert {one.relation for one in RELATIONS} <= set(RELATION_TYPES)
    assert find_relation("supplements") == find_relation("issupplementto") == RELATIONS[0]
    assert find_relation("quarrels with") is None


@pytest.mark.parametrize("techniques", [[], ["4dstem"]])
def test_unknown_techniques_are_refused(techniques: list[str]) -> None:
    with pytest.raises(ValueError, match="techniques are"):
        template(techniques)


def list_fields(form: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {field["path"]: field for group in form["groups"] for field in group["fields"]}


def test_a_form_is_json_with_levels_units_and_choices() -> None:
    form = describe_form(["four_d_stem"])
    assert json.loads(json.dumps(form)) == form
    fields = list_fields(form)
    assert fields["acceleration_voltage"]["level"] == "required"
    assert fields["acceleration_voltage"]["escape"] is False
    assert fields["acceleration_voltage"]["units"] == ["V", "kV", "MV"]
    assert fields["probe_current"]["escape"] is True
    assert {"value": "serpentine", "title": "Serpentine (back and forth)"} in fields["scan_pattern"][
        "choices"
    ]
    assert fields["vacuum_probe"]["level"] == "recommended"
    assert fields["phase_plate"]["level"] == "optional"


def test_a_form_leaves_out_what_is_optional() -> None:
    fields = list_fields(describe_form(["annular"], include_optional=False))
    assert {field["level"] for field in fields.values()} == {"required", "recommended"}
    assert fields["annular_detectors[].outer_angle"]["level"] == "required"


def test_a_form_knows_what_is_answered() -> None:
    fields = list_fields(describe_form(["four_d_stem"], document=four_d(probe_current=None)))
    assert fields["probe_current"]["state"] == "missing"
    assert fields["dwell_time"]["state"] == "value"


def test_a_camera_is_offered_no_mode_that_it_cannot_have() -> None:
    def offer(camera: str) -> list[str]:
        fields = list_fields(describe_form(["four_d_stem"], document=four_d(camera={"name": camera})))
        return [choice["value"] for choice in fields["camera.mode"]["choices"]]

    assert offer("EMPAD") == ["charge_integrating"]
    assert offer("K3") == list(load_catalogue().words("camera_mode"))
