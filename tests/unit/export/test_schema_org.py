import json
from dataclasses import replace
from datetime import date

import pytest

from repository.exports.bibtex import build_bibtex
from repository.exports.schema_org import build_schema_org_jsonld, render_script_json
from repository.schema.export import CitationRecord, FileRecord
from repository.schema.export.activities import find_technique_term


def test_the_context_needs_no_fetching(record: CitationRecord) -> None:
    document = build_schema_org_jsonld(record)
    assert document["@context"]["@vocab"] == "https://schema.org/"
    assert document["@type"] == "Dataset"
    assert document["@id"] == "https://stemma.example/doi/10.5072/k3f9-2xq7.v2"


def test_creators_are_typed_and_named_by_absolute_addresses(record: CitationRecord) -> None:
    person, organization = build_schema_org_jsonld(record)["creator"]
    assert (person["@type"], person["@id"]) == ("Person", "https://orcid.org/0000-0002-1825-0097")
    assert person["affiliation"]["@id"] == "https://ror.org/05dxps055"
    assert organization["@type"] == "Organization"


def test_every_file_has_address_plain_size_type_and_digest(record: CitationRecord) -> None:
    first, second = build_schema_org_jsonld(record)["distribution"]
    assert first["contentUrl"] == "https://stemma.example/f/1"
    assert first["encodingFormat"] == "application/xml"
    assert second["contentSize"] == "1000000000"
    assert second["sha256"] == "1" * 64


def test_a_page_with_many_files_stays_small(record: CitationRecord) -> None:
    file = record.files[0]
    many = tuple(
        FileRecord(path=f"{n}.raw", size=1, sha256=file.sha256, url=f"{file.url}{n}") for n in range(25_000)
    )
    document = build_schema_org_jsonld(replace(record, files=many))
    assert len(document["distribution"]) == 100
    assert document["size"] == "25000 bytes"
    assert len(json.dumps(document)) < 40_000


def test_each_quantity_is_said_once_with_its_unit(record: CitationRecord) -> None:
    voltage, defocus, shape = build_schema_org_jsonld(record)["variableMeasured"]
    assert voltage == {
        "@type": "PropertyValue",
        "name": "acceleration_voltage",
        "value": 80.0,
        "unitText": "kV",
        "unitCode": "KVT",
        "measurementMethod": "Nominal (as set)",
        "description": "Read from the file",
    }
    assert (defocus["minValue"], defocus["maxValue"], defocus["unitCode"]) == (-10.0, 10.0, "C45")
    assert shape["value"] == [256.0, 256.0]


def test_techniques_carry_a_known_term(record: CitationRecord) -> None:
    techniques = build_schema_org_jsonld(record)["measurementTechnique"]
    assert [technique["termCode"] for technique in techniques] == ["four_d_stem", "annular", "eels"]
    assert techniques[2]["additionalType"] == "http://purl.obolibrary.org/obo/CHMO_0000373"
    assert techniques[0]["name"].startswith("4D-STEM")
    assert find_technique_term("dark_magic").title == "dark magic"


def test_access_is_said(record: CitationRecord) -> None:
    assert build_schema_org_jsonld(record)["isAccessibleForFree"] is True
    closed = build_schema_org_jsonld(replace(record, access="embargoed", embargo_until=date(2028, 1, 1)))
    assert closed["isAccessibleForFree"] is False
    assert closed["conditionsOfAccess"] == "info:eu-repo/semantics/embargoedAccess"
    assert closed["dct:available"] == "2028-01-01"


def test_schema_versions_and_provenance_are_linked(record: CitationRecord) -> None:
    document = build_schema_org_jsonld(record)
    assert document["dct:conformsTo"] == {"@id": record.schema_iri}
    assert document["dct:isVersionOf"]["@id"] == "https://stemma.example/doi/10.5072/k3f9-2xq7"
    assert document["dct:replaces"]["@id"].endswith(".v1")
    assert document["prov:wasGeneratedBy"]["prov:used"][0]["@id"] == "https://doi.org/10.5072/m3"
    assert document["temporalCoverage"] == "2026-10-01/2026-10-03"
    assert document["includedInDataCatalog"]["url"] == "https://stemma.example/"


def test_nothing_is_said_where_nothing_is_known(record: CitationRecord) -> None:
    document = build_schema_org_jsonld(replace(record, measurements=(), files=(), keywords=(), doi=None))
    for absent in ("distribution", "variableMeasured", "keywords", "temporalCoverage"):
        assert absent not in document
    assert [identifier["propertyID"] for identifier in document["identifier"]] == ["stemma"]


@pytest.mark.parametrize("title", ["</script><script>alert(1)</script>", "<!--", "a\u2028b & c"])
def test_no_title_ends_the_script_element(record: CitationRecord, title: str) -> None:
    document = build_schema_org_jsonld(replace(record, title=title))
    text = render_script_json(document)
    assert "<" not in text
    assert json.loads(text)["name"] == document["name"]


def test_bibtex_survives_tex(record: CitationRecord) -> None:
    entry = build_bibtex(record)
    assert entry.startswith("@misc{stemma-k3f9-2xq7-v2,\n")
    assert "  author = {Lindqvist, Ada and {Consortium for Slow, and Fast, Electrons}},\n" in entry
    assert r"80 kV \& what" in entry
    assert "  doi = {10.5072/k3f9-2xq7.v2},\n" in entry
    assert "doi =" not in build_bibtex(replace(record, doi=None))
