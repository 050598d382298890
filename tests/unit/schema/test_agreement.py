"""Our validator and a plain JSON Schema validator that is given nothing but the served files judge alike."""

import datetime as dt
import functools
import json
from collections import Counter
from collections.abc import Callable, Mapping
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from repository.schema import normalize_document, validate_dataset, validate_measurement
from repository.schema.findings import Finding
from repository.schema.places import find_entries
from repository.schema.questions.fields import DocumentName, load_catalogue
from repository.schema.versions.files import read_schema_file
from repository.schema.versions.in_force import VERSION_IN_FORCE
from tests.unit.schema.documents import ANNULAR, EELS, FOUR_D, change
from tests.unit.schema.mutations import MUTATIONS, build_full, mutate

NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
SEEDS = (20261130, 2, 3, 4)
RECORDS = 250
"""For each seed: a thousand together."""
DATASETS = 200

BEYOND = {
    "range_reversed": "compares two numbers of one value",
    "detector_angles_reversed": "compares two fields",
    "energy_axis_reversed": "compares two fields",
    "energy_above_beam": "compares the energy axis with the voltage",
    "segments_overlap": "adds up the segments of a ring",
    "times_not_increasing": "compares neighbouring frames",
    "field_of_view_impossible": "multiplies step and shape",
    "orcid_invalid": "computes a check digit",
    "embargo_date_past": "asks the clock",
}
"""Errors of our own that no keyword can say; those that compare a record with its arrays need arrays to occur."""

ANSWERED_BY_ARRAYS = {row.path for row in load_catalogue().rows if row.axes is not None}
"""Questions that a calibrated axis of an array answers: the JSON Schema sees no arrays and demands none of these."""
WORKED_OUT = {"scan", "illumination", "series", "radiation", "purpose", "in_situ", "momentum_resolved"}
"""Words of the situation. Where one is not stated we work it out; the JSON Schema demands under stated ones."""


@functools.cache
def get_plain_validator(name: str) -> Callable[[Mapping[str, Any]], list[str]]:
    """Return a validator that knows the served files and nothing of us."""
    names = [
        "record.json",
        "dataset.json",
        *(f"technique/{word}.json" for word in load_catalogue().words("technique")),
    ]
    files = {name: json.loads(json.dumps(read_schema_file(VERSION_IN_FORCE, name))) for name in names}
    resources = [
        (file["$id"], Resource.from_contents(file, default_specification=DRAFT202012))
        for file in files.values()
    ]
    validator = Draft202012Validator(files[name], registry=Registry().with_resources(resources))
    return lambda document: [
        f"{error.json_path}: {error.message[:200]}" for error in validator.iter_errors(document)
    ]


def list_errors(document: Mapping[str, Any], kind: DocumentName = "measurement") -> list[Finding]:
    found = (
        validate_measurement(document, now=NOW)
        if kind == "measurement"
        else validate_dataset(document, now=NOW)
    )
    return [finding for finding in found if finding.severity == "error"]


def is_beyond(finding: Finding, document: Mapping[str, Any]) -> bool:
    """Say whether an error is one of those, named above, that JSON Schema cannot say."""
    if finding.code in BEYOND:
        return True
    path = finding.pointer[1:].replace("/", ".")
    if (
        finding.code == "value_impossible"
    ):  # in reciprocal length an angle is judged at the record's own voltage
        field = load_catalogue().measurement.get(path)
        (entry,) = [entry for _, entry in find_entries(document, path)] or [{}]
        return field is not None and field.unit == "mrad" and entry["unit"] in {"nm-1", "Ao-1"}
    if finding.code != "required_field_missing":
        return False
    return path in ANSWERED_BY_ARRAYS or not set(document) >= WORKED_OUT


SIMULATED = change(FOUR_D, origin="simulated", simulation=dict.fromkeys(
    ("code", "version", "structure", "parameters", "seed"), "as published"))  # fmt: skip
TABLE = {
    "technique": ["derived_table"], "origin": "measured", "level": "derived",
    "derivation": {"inputs": ["10.1/x"], "method": "fit", "method_version": "1", "columns": [{"name": "x"}]},
}  # fmt: skip
OTHER = {"technique": ["other"], "origin": "measured", "level": "raw", "sample": {"name": "x"}}
STATED: dict[str, Any] = {
    "scan": "raster", "illumination": "convergent", "series": "none", "radiation": "electrons", "purpose": ["imaging"],
    "in_situ": False, "momentum_resolved": False,
}  # fmt: skip
BASES = {
    "4D": FOUR_D, "4D stated": {**STATED, **FOUR_D}, "annular": {**STATED, **ANNULAR}, "EELS": {**STATED, **EELS},
    "simulated": {**STATED, **SIMULATED}, "table": {**STATED, **TABLE},
    "other": {**STATED, **OTHER, "acceleration_voltage": "200 kV"}, "full": build_full(),
}  # fmt: skip


@pytest.mark.parametrize("name", BASES)
def test_both_accept_what_can_be_published(name: str) -> None:
    normal = normalize_document(BASES[name])
    assert list_errors(normal) == []
    assert get_plain_validator("record.json")(normal) == []


def test_the_full_record_has_every_field() -> None:
    full = build_full()
    for path in load_catalogue().measurement:
        assert [entry for _, entry in find_entries(full, path) if entry not in (None, "", [])], path


def judge_many(
    count: int, bases: Mapping[str, Mapping[str, Any]], kind: DocumentName, file: str, seed: int
) -> Counter[tuple[str, str]]:
    """Judge mutated records twice; return how many of each mutation were refused, accepted, or refused by us alone."""
    plain = get_plain_validator(file)
    rng = Random(seed)
    judged: Counter[tuple[str, str]] = Counter()
    for number in range(count):
        base = rng.choice([*bases])
        name, document = mutate(normalize_document(bases[base], kind=kind), rng, kind)
        ours, theirs = list_errors(document, kind), plain(document)
        counted = [finding for finding in ours if not is_beyond(finding, document)]
        place = f"record {number}: {name} of {base}: {json.dumps(document)[:3000]}"
        assert ours or not theirs, f"a plain validator alone refuses {place}: {theirs}"
        assert theirs or not counted, f"we alone refuse {place}: {counted}"
        verdict = "refused" if theirs else "beyond" if ours else "accepted"
        judged[name, verdict] += 1
    return judged


@pytest.mark.parametrize("seed", SEEDS)
def test_both_judge_a_thousand_mutated_records_alike(seed: int) -> None:
    assert len(SEEDS) * RECORDS >= 1000
    judged = judge_many(RECORDS, BASES, "measurement", "record.json", seed)
    totals = Counter[str]()
    for (_, verdict), count in judged.items():
        totals[verdict] += count
    assert totals["refused"] > RECORDS / 4, judged
    assert totals["accepted"] > RECORDS / 4, judged
    assert totals["beyond"] < RECORDS / 12, judged
    assert {name for name, _ in judged} == {name for name, _ in MUTATIONS}
    never_refused = {name for name, _ in MUTATIONS if not judged[name, "refused"]}
    assert never_refused == {"in other unit"}, "each kind of slip is refused somewhere, the same value never"


def test_both_judge_mutated_datasets_alike() -> None:
    described = {
        "title": "MoS2", "creators": [{"name": "Doe, Jane", "orcid": "0000-0002-1825-0097"}], "abstract": "Words.",
        "license": "CC-BY-4.0", "access": "embargoed", "embargo_until": "2027-01-31",
    }  # fmt: skip
    judged = judge_many(
        DATASETS, {"full": build_full("dataset"), "usual": described}, "dataset", "dataset.json", SEEDS[0]
    )
    assert sum(count for (_, verdict), count in judged.items() if verdict == "accepted") > DATASETS / 10
    assert sum(count for (_, verdict), count in judged.items() if verdict == "refused") > DATASETS / 5


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"semi_convergence_angle": {"value": 20, "unit": "nm"}}, "semi_convergence_angle.unit"),
        ({"semi_convergence_angle": {"value": -20, "unit": "mrad"}}, "semi_convergence_angle.value"),
        ({"semi_convergence_angle": {"value": 6, "unit": "deg"}}, "semi_convergence_angle.value"),
        ({"semi_convergence_angle": {"range": [20, 200], "unit": "mrad"}}, "semi_convergence_angle.range[1]"),
        ({"semi_convergence_angle": {"value": 20, "unit": "mRad"}}, "semi_convergence_angle.unit"),
        ({"acceleration_voltage": {"value": 80, "unit": "MV"}}, "acceleration_voltage.value"),
        ({"acceleration_voltage": {"missing": "not_recorded"}}, "acceleration_voltage"),
        ({"acceleration_voltage": "not_recorded"}, "acceleration_voltage"),
        ({"sample": {"name": "x", "elements": ["Xx"], "preparation": "p"}}, "sample.elements[0]"),
        ({"sample": {"missing": "not_recorded"}}, "sample"),
        ({"origin": {"missing": "withheld"}}, "origin"),
        ({"axes": {"missing": "not_recorded"}}, "axes"),
        ({"diffraction_pixel_size": {"value": [1, -1], "unit": "mrad"}}, "diffraction_pixel_size.value[1]"),
        ({"diffraction_pixel_size": {"value": -1, "unit": "nm-1"}}, "diffraction_pixel_size.value"),
        ({"stage_tilt_x": {"values": [0, 200], "unit": "deg"}}, "stage_tilt_x.values[1]"),
        ({"stage_tilt_x": {"values": [0, "1"], "unit": "deg"}}, "stage_tilt_x.values[1]"),
        ({"acquired_at": "2024-02-30T10:00:00Z"}, "acquired_at"),
    ],
)
def test_a_plain_validator_refuses_what_the_first_version_let_pass(
    changes: dict[str, Any], where: str
) -> None:
    document = {**normalize_document(FOUR_D), **changes}
    found = get_plain_validator("record.json")(document)
    assert any(error.startswith(f"$.{where}:") for error in found), found
    assert list_errors(document)


@given(
    st.from_regex(
        r"\A[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-6][0-9](:[0-6][0-9](\.[0-9]{1,9})?)?(Z|[+-][0-2][0-9]:[0-5][0-9])\Z"
    )
)
def test_dates_are_those_of_the_calendar(text: str) -> None:
    validator = Draft202012Validator(
        json.loads(json.dumps(read_schema_file(VERSION_IN_FORCE, "record.json")))["$defs"]["date_time"]
    )
    try:
        dt.datetime.fromisoformat(text)
        exists = True
    except ValueError:
        exists = False
    assert validator.is_valid(text) is exists
