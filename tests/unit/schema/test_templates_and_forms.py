import json
from typing import Any

import pytest

from repository.schema.checks.supplied import validate_supplied
from repository.schema.documents.metadata_text import read_metadata_text
from repository.schema.documents.templates import render_template, template
from repository.schema.questions.fields import load_catalogue
from repository.schema.questions.forms import describe_form
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
