"""No export calls a simulation, or what a program made, an acquisition; every export says which it is."""

import json
from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repository.exports.bibtex import build_bibtex
from repository.exports.datacite_json import build_datacite_json
from repository.exports.datacite_xml import build_datacite_xml
from repository.exports.schema_org import build_schema_org_jsonld
from repository.schema.export import (
    CitationRecord,
    Instrument,
    MeasurementRecord,
    Variable,
    build_citation,
    build_meta_tags,
)
from repository.schema.export.making import Making, describe_kind_of_data, list_making_terms
from repository.schema.questions.fields import load_catalogue
from tests.datacite_kernel import validate_datacite_xml

SIMULATED = Making(origin="simulated", level="raw", program="abTEM", version="1.0.5", method="frozen phonons")
AUGMENTED = Making(origin="augmented", level="filtered", method="denoised by a network")
DERIVED = Making(
    level="derived",
    method="fit of peaks",
    inputs=("10.1000/raw-data", "not deposited: too large", "scan.raw"),
)
MADE = {"simulated": SIMULATED, "augmented": AUGMENTED, "derived": DERIVED}
TITLES = {
    "simulated": "Simulated",
    "augmented": "Made from measured data by a program",
    "derived": "Computed from other data",
}


def made(record: CitationRecord, *makings: Making) -> CitationRecord:
    """Return the record with one measurement for each making, as the selector builds it."""
    measurements = tuple(
        MeasurementRecord(
            id=f"m{number}",
            techniques=("four_d_stem",),
            acquired_at="2026-10-01",
            making=making,
            variables=(Variable(name="defocus", value=1.0, unit="nm", source="depositor", basis="nominal"),),
        )
        for number, making in enumerate(makings)
    )
    is_acquired = any(making.activity == "acquisition" for making in makings)
    return replace(record, measurements=measurements, instruments=record.instruments if is_acquired else ())


def write_all(record: CitationRecord) -> Mapping[str, str]:
    """Return the text of every export."""
    return {
        "datacite.json": json.dumps(build_datacite_json(record)),
        "datacite.xml": build_datacite_xml(record).decode(),
        "jsonld": json.dumps(build_schema_org_jsonld(record)),
        "bib": build_bibtex(record),
        "citation": build_citation(record),
        "meta": json.dumps(build_meta_tags(record)),
    }


@pytest.mark.parametrize("kind", MADE)
def test_every_export_says_what_is_not_measured(record: CitationRecord, kind: str) -> None:
    written = write_all(made(record, MADE[kind]))
    words = {"simulated": "simulated", "augmented": "processed", "derived": "processed"}[kind]
    for name, text in written.items():
        assert words in text.lower(), name
        assert "Acquisition" not in text, name
        assert "Collected" not in text, name
        assert "IsCollectedBy" not in text, name
    for name in ("datacite.json", "datacite.xml", "jsonld", "meta"):
        assert TITLES[kind] in written[name], name


@pytest.mark.parametrize("kind", MADE)
def test_its_day_is_one_of_making_and_not_of_collecting(record: CitationRecord, kind: str) -> None:
    these = made(record, MADE[kind])
    validate_datacite_xml(build_datacite_xml(these))
    dates = {entry["dateType"]: entry["date"] for entry in build_datacite_json(these)["dates"]}
    assert dates["Created"] == "2026-10-01"
    document = build_schema_org_jsonld(these)
    assert "temporalCoverage" not in document
    assert document["dateCreated"] == "2026-10-01"


def test_measured_data_are_acquired_as_before(record: CitationRecord) -> None:
    document = build_schema_org_jsonld(record)
    assert document["prov:wasGeneratedBy"]["name"] == "Acquisition"
    assert "measurementMethod" not in document
    assert "dateCreated" not in document
    for name, text in write_all(record).items():
        assert "simulated" not in text.lower(), name
        assert "processed" not in text.lower(), name
    assert build_datacite_json(record)["types"]["resourceType"].startswith("Scanning")


def test_a_mixed_dataset_says_both_and_dates_both(record: CitationRecord) -> None:
    mixed = made(record, Making(), SIMULATED, DERIVED)
    validate_datacite_xml(build_datacite_xml(mixed))
    kind = build_datacite_json(mixed)["types"]["resourceType"]
    assert kind == "Measured, processed and simulated scanning transmission electron microscopy data"
    assert "[measured, processed and simulated dataset]" in build_citation(mixed)
    assert {entry["dateType"] for entry in build_datacite_json(mixed)["dates"]} >= {"Collected", "Created"}
    activities = build_schema_org_jsonld(mixed)["prov:wasGeneratedBy"]
    assert [activity["name"] for activity in activities] == ["Acquisition", "Simulation", "Processing"]


def test_the_program_is_what_a_simulation_used(record: CitationRecord) -> None:
    activity = build_schema_org_jsonld(made(record, SIMULATED, SIMULATED))["prov:wasGeneratedBy"]
    assert activity == {
        "@type": "prov:Activity",
        "name": "Simulation",
        "description": "frozen phonons",
        "prov:used": [{"@type": "SoftwareApplication", "name": "abTEM", "softwareVersion": "1.0.5"}],
    }


def test_what_data_were_derived_from_is_pointed_at_where_it_has_an_address(record: CitationRecord) -> None:
    derived = made(record, DERIVED)
    pointed = [item for item in build_datacite_json(derived)["relatedIdentifiers"] if "Derived" in str(item)]
    assert pointed == [
        {
            "relatedIdentifier": "10.1000/raw-data",
            "relatedIdentifierType": "DOI",
            "relationType": "IsDerivedFrom",
        }
    ]
    assert build_schema_org_jsonld(derived)["isBasedOn"] == [{"@id": "https://doi.org/10.1000/raw-data"}]


@pytest.mark.parametrize("source", load_catalogue().words("source"))
def test_who_stated_a_value_is_never_its_method(record: CitationRecord, source: str) -> None:
    variables = (
        Variable(name="defocus", value=1.0, unit="nm", source=source, basis="estimated"),
        Variable(name="dose", value=1.0, unit="1", source=source),
    )
    measured = replace(record, measurements=(replace(record.measurements[0], variables=variables),))
    first, second = build_schema_org_jsonld(measured)["variableMeasured"]
    assert first["measurementMethod"] == "Estimated"
    assert "measurementMethod" not in second
    assert first["description"] == second["description"] != source


def test_an_instrument_is_used_where_something_was_acquired(record: CitationRecord) -> None:
    with_instrument = replace(made(record, Making()), instruments=(Instrument(name="Titan"),))
    used = build_schema_org_jsonld(with_instrument)["prov:wasGeneratedBy"]["prov:used"]
    assert used == [{"@type": "Product", "name": "Titan"}]


@given(
    st.lists(
        st.builds(
            Making,
            origin=st.sampled_from(load_catalogue().words("origin")),
            level=st.none() | st.sampled_from(load_catalogue().words("level")),
            method=st.none() | st.text(max_size=20),
        ),
        max_size=4,
    )
)
def test_whatever_is_mixed_only_acquisitions_alone_go_without_a_word(makings: list[Making]) -> None:
    is_plain = all(making.origin == "measured" and making.level != "derived" for making in makings)
    assert (list_making_terms(makings) == ()) is is_plain
    assert describe_kind_of_data(makings).startswith("Scanning") is is_plain
