from dataclasses import replace
from datetime import date
from typing import cast

import pytest
from lxml import etree

from repository.exports.datacite_json import MissingDoiError, build_datacite_json
from repository.exports.datacite_xml import build_datacite_xml
from repository.schema.export import CitationRecord, Creator
from tests.datacite_kernel import InvalidDataCiteError, validate_datacite_xml

NAMESPACE = {"d": "http://datacite.org/schema/kernel-4"}


def texts(xml: bytes, path: str) -> list[str]:
    found = cast("list[str]", etree.fromstring(xml).xpath(path, namespaces=NAMESPACE))
    return [str(text) for text in found]


def test_a_full_record_is_valid(record: CitationRecord) -> None:
    validate_datacite_xml(build_datacite_xml(record))


def test_a_bare_record_is_valid(record: CitationRecord) -> None:
    bare = CitationRecord(
        id=record.id,
        doi=record.doi,
        title="T",
        creators=(Creator(name="Plato"),),
        abstract="",
        license=record.license,
        publisher="Stemma",
        published=record.published,
        url=record.url,
    )
    xml = build_datacite_xml(bare)
    validate_datacite_xml(xml)
    assert texts(xml, "//d:descriptions") == []


def test_concept_and_withdrawn_and_embargoed_records_are_valid(record: CitationRecord) -> None:
    embargoed = replace(
        record, access="embargoed", embargo_until=date(2028, 5, 1), withdrawn=date(2027, 1, 1)
    )
    for variant in (record.as_concept(["10.5072/k3f9-2xq7.v1"]), embargoed):
        validate_datacite_xml(build_datacite_xml(variant))
    xml = build_datacite_xml(embargoed)
    assert texts(xml, "//d:publicationYear/text()") == ["2028"]
    assert texts(xml, "//d:date[@dateType='Available']/text()") == ["2028-05-01"]
    assert texts(xml, "//d:date[@dateType='Withdrawn']/text()") == ["2027-01-01"]
    assert "info:eu-repo/semantics/embargoedAccess" in texts(xml, "//d:rights/@rightsURI")


def test_what_it_says(record: CitationRecord) -> None:
    xml = build_datacite_xml(record)
    assert texts(xml, "/d:resource/d:identifier[@identifierType='DOI']/text()") == ["10.5072/k3f9-2xq7.v2"]
    assert texts(xml, "//d:resourceType/@resourceTypeGeneral") == ["Dataset"]
    assert texts(xml, "//d:nameIdentifier[@nameIdentifierScheme='ORCID']/text()") == [
        "https://orcid.org/0000-0002-1825-0097"
    ]
    assert texts(xml, "//d:affiliation/@affiliationIdentifier") == ["https://ror.org/05dxps055"]
    assert texts(xml, "//d:relatedIdentifier[@relationType='IsVersionOf']/text()") == ["10.5072/k3f9-2xq7"]
    assert texts(xml, "//d:relatedIdentifier[@relationType='IsCollectedBy']/@resourceTypeGeneral") == [
        "Instrument"
    ]
    assert texts(xml, "//d:date[@dateType='Collected']/text()") == ["2026-10-01/2026-10-03"]
    assert texts(xml, "//d:size/text()") == ["1000002048 bytes", "2 files"]
    assert texts(xml, "//d:format/text()") == ["application/octet-stream", "application/xml"]
    assert texts(xml, "//d:rights/@rightsIdentifier") == ["CC-BY-4.0"]
    assert texts(xml, "//d:awardNumber/@awardURI") == ["https://example.org/A-17"]
    assert texts(xml, "//d:title/@xml:lang") == ["en"]


def test_an_organization_that_creates_keeps_its_own_identifier(record: CitationRecord) -> None:
    organization = Creator(name="National Facility", kind="organization", ror="05dxps055")
    xml = build_datacite_xml(replace(record, creators=(organization,)))
    validate_datacite_xml(xml)
    assert texts(xml, "//d:nameIdentifier[@nameIdentifierScheme='ROR']/text()") == [
        "https://ror.org/05dxps055"
    ]


@pytest.mark.parametrize("build", [build_datacite_xml, build_datacite_json])
def test_without_a_doi_there_are_no_datacite_metadata(record: CitationRecord, build: object) -> None:
    with pytest.raises(MissingDoiError, match="k3f9-2xq7"):
        build(replace(record, doi=None))  # type: ignore[operator]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'resourceTypeGeneral="Dataset"', b'resourceTypeGeneral="Data"'),
        (b'relationType="IsVersionOf"', b'relationType="isVersionOf"'),
        (b"<publicationYear>2026<", b"<publicationYear>26<"),
        (b"<publisher>Stemma</publisher>", b""),
        (b"</resource>", b"<telescope/></resource>"),
    ],
)
def test_the_schema_refuses_what_the_standard_does_not_know(
    record: CitationRecord, old: bytes, new: bytes
) -> None:
    xml = build_datacite_xml(record)
    assert old in xml
    with pytest.raises(InvalidDataCiteError):
        validate_datacite_xml(xml.replace(old, new))


def test_the_vocabulary_is_that_of_4_7(record: CitationRecord) -> None:
    added = {
        "4.5": (b'relationType="IsVersionOf"', b'relationType="Collects"'),
        "4.6": (b'relationType="IsVersionOf"', b'relationType="HasTranslation"'),
        "4.7": (b'"IsSupplementTo"', b'"Other" relationTypeInformation="is the lamella of"'),
    }
    for old, new in added.values():
        xml = build_datacite_xml(record)
        assert old in xml
        validate_datacite_xml(xml.replace(old, new))


def test_json_and_xml_say_the_same_version(record: CitationRecord) -> None:
    document = build_datacite_json(record)
    assert document["version"] == "2"
    assert document["publisher"] == {"name": "Stemma"}
    assert "version" not in build_datacite_json(record.as_concept([]))
