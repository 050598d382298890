"""The released files: equal to the catalogue, valid, and as strict in other people's validators."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from repository.schema.fields import SCHEMA_VERSION, load_catalogue
from repository.schema.json_schema import build_json_schema, build_release
from repository.schema.linked_data import build_context
from repository.schema.normalization import normalize_document
from repository.schema.release import RELEASES, build_files, write_release
from tests.unit.schema.documents import ANNULAR, EELS, FOUR_D, change, four_d

FOLDER = RELEASES / SCHEMA_VERSION


def test_the_committed_files_are_those_of_the_catalogue() -> None:
    built = build_files()
    committed = {
        str(path.relative_to(FOLDER)): path.read_text("utf-8") for path in FOLDER.rglob("*") if path.is_file()
    }
    assert committed == built, (
        "run `python -m repository.schema.release` (before a release) or start a new version"
    )


def test_writing_is_repeatable(tmp_path: Path) -> None:
    written = write_release(tmp_path)
    assert {path.relative_to(tmp_path).as_posix() for path in written} == set(build_files())


def get_validator() -> Draft202012Validator:
    files = build_release()
    resources = [
        (schema["$id"], Resource.from_contents(schema, default_specification=_DIALECT))
        for schema in files.values()
    ]
    return Draft202012Validator(files["record"], registry=Registry().with_resources(resources))


_DIALECT = Resource.from_contents({"$schema": "https://json-schema.org/draft/2020-12/schema"})._specification


@pytest.mark.parametrize("document", [FOUR_D, ANNULAR, EELS])
def test_a_foreign_validator_accepts_what_can_be_published(document: dict[str, Any]) -> None:
    normal = json.loads(json.dumps(normalize_document(document)))
    assert [error.message for error in get_validator().iter_errors(normal)] == []


@pytest.mark.parametrize(
    "document",
    [
        four_d(acceleration_voltage=None),
        four_d(acceleration_voltage=300),
        four_d(foo=1),
        four_d(detector_to_scan_matrix=None),
        change(EELS, collection_semi_angle=None),
        change(FOUR_D, probe_current=None),
    ],
)
def test_a_foreign_validator_refuses_what_is_incomplete(document: dict[str, Any]) -> None:
    assert list(get_validator().iter_errors(normalize_document(document)))


def test_a_gap_satisfies_a_foreign_validator() -> None:
    normal = normalize_document(four_d(probe_current="not recorded", detector_to_scan_matrix="not measured"))
    assert list(get_validator().iter_errors(normal)) == []


def test_every_file_is_valid_and_identified() -> None:
    for name, schema in build_release().items():
        Draft202012Validator.check_schema(schema)
        assert schema["$id"].endswith(f"/{SCHEMA_VERSION}/{name}.json")
    assert build_json_schema()["title"] == "Measurement document"
    with pytest.raises(KeyError):
        build_json_schema("nothing")


def test_annotations_carry_units_ranges_and_terms() -> None:
    voltage = build_json_schema()["properties"]["acceleration_voltage"]
    assert voltage["x-quantity"]["unit"] == "kV"
    assert voltage["x-quantity"]["max"] == 3500
    assert voltage["x-iri"]["emg"].endswith("EMG_00000004")
    assert voltage["x-hyperspy"].endswith("beam_energy")


def test_the_context_gives_every_key_a_meaning() -> None:
    context = build_context()["@context"]
    for path in load_catalogue().measurement:
        node = context
        for part in path.replace("[]", "").split("."):
            assert part in node, path
            term = node[part]
            assert term["@id"].startswith("https://")
            node = term.get("@context", {})
