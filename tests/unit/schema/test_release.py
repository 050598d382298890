"""Released files stay as they are; those in force are what the catalogue says, and as strict in foreign validators."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from repository.schema.documents.normalization import normalize_document
from repository.schema.places import get_entry
from repository.schema.questions.fields import DocumentName, load_catalogue
from repository.schema.versions import freezing as release
from repository.schema.versions import steps
from repository.schema.versions.comparison import FieldDifference, compare_with_former
from repository.schema.versions.files import build_context, build_files, read_all, read_schema_file
from repository.schema.versions.freezing import AlreadyReleasedError, list_digests, write_release
from repository.schema.versions.in_force import (
    FIRST_VERSION,
    RELEASES,
    VERSION_IN_FORCE,
    is_released,
    list_versions,
)
from repository.schema.versions.json_schema import build_json_schema, build_schemas
from repository.schema.versions.steps import VersionStep, move_document
from tests import schema_steps
from tests.unit.schema.documents import ANNULAR, EELS, FOUR_D, change, four_d

DIGESTS = Path(__file__).with_name("released.sha256")


def test_every_released_file_is_as_it_was_released() -> None:
    released = [version for version in list_versions() if is_released(version)]
    found = [line for version in released for line in list_digests(RELEASES / version)]
    assert found == DIGESTS.read_text("ascii").splitlines(), (
        "a released file never changes; begin a new version"
    )
    assert FIRST_VERSION in released


def test_a_released_version_in_force_is_what_the_catalogue_says() -> None:
    if is_released(VERSION_IN_FORCE):
        message = "the catalogue changed after the release: set VERSION_IN_FORCE to the next version"
        assert read_all(VERSION_IN_FORCE) == json.loads(json.dumps(build_files())), message
    assert list_versions()[-1] == VERSION_IN_FORCE


def test_a_release_is_written_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    monkeypatch.setattr(release, "RELEASES", tmp_path)
    assert release.main() == 0
    folder = tmp_path / VERSION_IN_FORCE
    printed = capsys.readouterr().out.splitlines()
    assert printed == list_digests(folder)
    assert {line.split("/", 1)[1] for line in printed} == set(build_files())
    marked = folder / "record.json"
    marked.write_text("{}", "utf-8")
    assert release.main() == 1
    assert "never change" in capsys.readouterr().err
    assert marked.read_text("utf-8") == "{}"
    with pytest.raises(AlreadyReleasedError, match=FIRST_VERSION):
        write_release(RELEASES / FIRST_VERSION)


def test_a_release_that_is_cut_short_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = build_files()
    monkeypatch.setattr(
        release, "build_files", lambda: {**files, "last.json": {"cannot be written": object()}}
    )
    with pytest.raises(TypeError):
        write_release(tmp_path / VERSION_IN_FORCE)
    assert list(tmp_path.iterdir()) == []


def test_an_open_file_says_so_and_a_released_one_does_not() -> None:
    assert "x-status" not in (read_schema_file(FIRST_VERSION, "record.json") or {"x-status": "absent"})
    present = read_schema_file(VERSION_IN_FORCE, "record.json") or {}
    assert present["x-version"] == VERSION_IN_FORCE
    assert ("x-status" in present) is not is_released(VERSION_IN_FORCE)
    for version, name in (
        ("9.9.9", "record.json"),
        ("../1.0.0", "record.json"),
        (FIRST_VERSION, "../x.json"),
    ):
        assert read_schema_file(version, name) is None


def test_what_a_version_changed_is_told_by_place() -> None:
    second = list_versions()[1]
    differences = {(one.document, one.path): one for one in compare_with_former(second)}
    assert differences["supplied", "schema"].difference == "added"
    assert compare_with_former(FIRST_VERSION) == ()


def list_lost(version: str, differences: Iterable[FieldDifference]) -> list[str]:
    """Return the fields that a version took away and of which its step does not say where they went."""
    before = list_versions()[list_versions().index(version) - 1]
    lost = []
    for one in differences:
        if one.difference != "removed" or one.path.startswith("$defs/") or one.document == "supplied":
            continue
        value = {"value": 1.5, "note": "what was said"}
        document: dict[str, Any] = value
        for key in reversed(one.path.split(".")):
            document = {key: document}
        kind: DocumentName = "dataset" if one.document == "dataset" else "measurement"
        moved = move_document(document, since=before, until=version, kind=kind)
        pointer = "/" + one.path.replace(".", "/")
        told = any(pointer.startswith(change.pointer) for change in moved.changes)
        kept = json.dumps(value) in json.dumps(moved.document)
        if not (told and kept) or get_entry(moved.document, one.path) is not None:
            lost.append(f"{one.document}: {one.path}")
    return lost


@pytest.mark.parametrize("version", list_versions()[1:])
def test_what_a_version_took_away_went_somewhere(version: str) -> None:
    assert list_lost(version, compare_with_former(version)) == [], "a step must say where it went"


def test_a_field_that_no_step_moves_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    gone = [FieldDifference("measurement", schema_steps.FORMER, "removed")]
    second = list_versions()[1]
    assert list_lost(second, gone) == [f"measurement: {schema_steps.FORMER}"]
    step = VersionStep(FIRST_VERSION, second, measurement=schema_steps.move_measurement)
    monkeypatch.setattr(steps, "STEPS", (step,))
    assert list_lost(second, gone) == []


def get_validator() -> Draft202012Validator:
    files = build_schemas()
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
    for name, schema in build_schemas().items():
        Draft202012Validator.check_schema(schema)
        assert schema["$id"].endswith(f"/{VERSION_IN_FORCE}/{name}.json")
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
