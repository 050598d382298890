"""From version to version: nothing that was said is lost, and what changed is listed."""

import copy
import itertools
from typing import Any

import pytest

from repository.schema.checks.conformance import list_deviations
from repository.schema.checks.supplied import read_version, validate_supplied
from repository.schema.checks.validation import validate_measurement
from repository.schema.documents.normalization import normalize_document
from repository.schema.versions.comparison import compare_versions
from repository.schema.versions.in_force import FIRST_VERSION, VERSION_IN_FORCE, list_versions
from repository.schema.versions.steps import STEPS, UnknownVersionError, move_document, move_supplied
from tests.schema_steps import FORMER, PRESENT, rehearsing
from tests.unit.schema.documents import ANNULAR, EELS, FOUR_D

MOVED = {PRESENT: "as before"}


def test_the_steps_lead_from_every_version_to_the_one_in_force() -> None:
    known = list_versions()
    assert [(step.before, step.after) for step in STEPS] == list(itertools.pairwise(known))


@pytest.mark.parametrize("document", [FOUR_D, ANNULAR, EELS])
def test_what_was_publishable_stays_so_under_its_own_version_and_the_newer(document: dict[str, Any]) -> None:
    kept = normalize_document(document)
    assert list_deviations(kept, version=FIRST_VERSION) == []
    moved = move_document(kept, since=FIRST_VERSION)
    assert moved.version == VERSION_IN_FORCE
    assert list_deviations(moved.document, version=VERSION_IN_FORCE) == []
    assert [one for one in validate_measurement(moved.document) if one.severity == "error"] == []


def test_a_field_that_the_newer_version_lacks_is_taken_along_by_the_step() -> None:
    """Nothing that could be said before may become an unknown key without a step that says where it went."""
    gone = [one for one in compare_versions(*list_versions()[-2:]) if one.difference == "removed"]
    for one in gone:
        key = one.path.split(".")[0]
        moved = move_document({key: "x"}, since=list_versions()[-2], kind=one.document)  # type: ignore[arg-type]
        assert moved.changes, f"{one.path} is gone, and no step says what becomes of it"


def test_a_step_moves_what_it_moves_and_says_so() -> None:
    document = {FORMER: "as before", "title": "A"}
    former = copy.deepcopy(document)
    with rehearsing():
        moved = move_document(document, since=FIRST_VERSION)
        again = move_document(moved.document, since=VERSION_IN_FORCE)
    assert moved.document == {**MOVED, "title": "A"}
    assert [change.as_dict() for change in moved.changes] == [
        {"pointer": f"/{FORMER}", "change": f"moved to /{PRESENT}"}
    ]
    assert (again.document, again.changes) == (moved.document, ())
    assert document == former


def test_what_a_person_supplied_is_moved_part_by_part() -> None:
    supplied = {
        "dataset": {"title": "A", "language": "en"},
        "defaults": {FORMER: "as before"},
        "measurements": {"a/b~c.raw": {FORMER: None}, "d.raw": None, "e.raw": {"title": "E"}},
    }
    with rehearsing():
        moved = move_supplied(supplied, since=FIRST_VERSION)
    assert moved.document == {
        "dataset": {"title": "A", "methods": "en"},
        "defaults": MOVED,
        "measurements": {"a/b~c.raw": {PRESENT: None}, "d.raw": None, "e.raw": {"title": "E"}},
    }
    assert [change.pointer for change in moved.changes] == [
        "/dataset/language",
        f"/defaults/{FORMER}",
        f"/measurements/a~1b~0c.raw/{FORMER}",
    ]


def test_parts_that_are_no_mappings_are_left_to_the_checks() -> None:
    broken: dict[str, Any] = {"dataset": 1, "defaults": [], "measurements": "x", "more": None}
    with rehearsing():
        assert move_supplied(broken, since=FIRST_VERSION).document == broken


def test_a_handed_in_document_may_name_its_version() -> None:
    with rehearsing():
        named: dict[str, Any] = {"schema": FIRST_VERSION, "defaults": {FORMER: "as before"}}
        assert read_version(named).document == {"defaults": MOVED}
        assert validate_supplied(named) == []
        assert read_version(named["defaults"]).document == {FORMER: "as before"}, (
            "in force unless it says otherwise"
        )
    [refused] = validate_supplied({"schema": "9.9.9"})
    assert (refused.code, refused.pointer) == ("schema_version_unknown", "/schema")
    assert VERSION_IN_FORCE in refused.hint


@pytest.mark.parametrize(
    ("since", "until"),
    [("9.9.9", VERSION_IN_FORCE), (FIRST_VERSION, "9.9.9"), (VERSION_IN_FORCE, FIRST_VERSION)],
)
def test_no_way_leads_back_or_to_what_does_not_exist(since: str, until: str) -> None:
    with pytest.raises(UnknownVersionError):
        move_document({}, since=since, until=until)
