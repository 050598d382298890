"""An organization is no person in any export, and a person's parts stand apart."""

from dataclasses import replace
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from repository.exports.bibtex import build_bibtex
from repository.exports.datacite_json import build_datacite_json
from repository.exports.datacite_xml import build_datacite_xml
from repository.exports.schema_org import build_schema_org_jsonld
from repository.schema.export import CitationRecord, Creator, build_citation
from repository.schema.export.creator_names import read_creator_name
from tests.datacite_kernel import validate_datacite_xml

ROR = "https://ror.org/05dxps055"
ORGANIZATIONS = (
    "Consortium for Slow, and Fast, Electrons",
    "Institute of Physics, Prague",
    "Technische Universität Graz",
    "Forschungszentrum Jülich",
    "Université de Lyon",
    "The ATLAS Collaboration",
    "Lawrence Berkeley National Laboratory",
    "Max-Planck-Gesellschaft",
    "Nion, Inc.",
    "JEOL Ltd.",
    "Bruker AXS GmbH",
    "Stemma Demonstration Team",
    "CERN",
    "ER-C",
)
PEOPLE = {
    "Curie, Marie": ("Curie", "Marie"),
    "van der Berg, Jan": ("van der Berg", "Jan"),
    "García Márquez, Gabriel": ("García Márquez", "Gabriel"),
    "School, John": ("School", "John"),
    "Jonas, S.A.": ("Jonas", "S.A."),
    "King, Jr., Martin Luther": ("King Jr.", "Martin Luther"),
    "Marie Curie": (None, None),
    "Plato": (None, None),
    "李明": (None, None),
}


@pytest.mark.parametrize("name", ORGANIZATIONS)
def test_an_organization_is_read_from_its_name(name: str) -> None:
    read = read_creator_name(name)
    assert (read.kind, read.family, read.given) == ("organization", None, None)


@pytest.mark.parametrize("name", PEOPLE)
def test_a_person_keeps_the_parts_of_the_name(name: str) -> None:
    read = read_creator_name(name)
    assert read.kind == "person"
    assert (read.family, read.given) == PEOPLE[name]


def test_identifiers_decide_before_words() -> None:
    assert read_creator_name("Halden Optics", ror=ROR).kind == "organization"
    assert read_creator_name("Halden Optics", affiliation="halden  optics", ror=ROR).kind == "organization"
    assert read_creator_name("Halden Optics", affiliation="University of Oslo", ror=ROR).kind == "person"
    assert read_creator_name("Institute, The", orcid="0000-0002-1825-0097").kind == "person"
    assert read_creator_name("Group of Friends", orcid="0000-0002-1825-0097").kind == "person"


@given(st.text(max_size=80), st.none() | st.text(max_size=10), st.none() | st.just(ROR))
def test_any_name_is_read(name: str, affiliation: str | None, ror: str | None) -> None:
    read = read_creator_name(name, affiliation=affiliation, ror=ror)
    if read.kind == "organization":
        assert read.family is read.given is None


@pytest.mark.parametrize("name", ORGANIZATIONS)
def test_no_export_makes_a_person_of_it(record: CitationRecord, name: str) -> None:
    creator = Creator(name=name, ror=ROR, kind=read_creator_name(name, ror=ROR).kind)
    alone = replace(record, creators=(creator,))
    xml = build_datacite_xml(alone)
    validate_datacite_xml(xml)
    space = {"d": "http://datacite.org/schema/kernel-4"}
    types = cast("list[str]", etree.fromstring(xml).xpath("//d:creatorName/@nameType", namespaces=space))
    assert types == ["Organizational"]
    [entry] = build_datacite_json(alone)["creators"]
    assert (entry["name"], entry["nameType"]) == (name, "Organizational")
    assert not {"givenName", "familyName"} & set(entry)
    assert entry["nameIdentifiers"][0]["nameIdentifier"] == ROR
    assert build_schema_org_jsonld(alone)["creator"] == [
        {"@type": "Organization", "name": name, "@id": ROR},
    ]
    assert f"  author = {{{{{name}}}}},\n" in build_bibtex(alone)
    assert build_citation(alone).startswith(f"{name} (")


def test_a_family_with_an_and_in_it_stays_one_author(record: CitationRecord) -> None:
    odd = replace(record, creators=(Creator(name="Sand and Son, A.", family="Sand and Son", given="A."),))
    assert "  author = {{Sand and Son, A.}},\n" in build_bibtex(odd)
