from dataclasses import replace

import pytest
from lxml import etree

from repository.exports.datacite_json import build_datacite_json
from repository.exports.datacite_xml import build_datacite_xml
from repository.schema.export import CitationRecord, RelatedIdentifier
from repository.schema.export import vocabulary as lists
from tests.datacite_kernel import KERNEL, validate_datacite_xml

XSD = KERNEL / "vocabularies.xsd"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("relationType", lists.RELATION_TYPES),
        ("relatedIdentifierType", lists.IDENTIFIER_TYPES),
        ("resourceType", lists.RESOURCE_TYPES),
    ],
)
def test_the_lists_are_those_of_the_standard(name: str, words: tuple[str, ...]) -> None:
    space = {"xs": "http://www.w3.org/2001/XMLSchema"}
    terms = etree.parse(XSD).findall(f"xs:simpleType[@name='{name}']//xs:enumeration", namespaces=space)
    assert [term.get("value") for term in terms] == list(words)


@pytest.mark.parametrize(
    ("identifier", "kind", "expected"),
    [
        ("10.1000/a", None, ("10.1000/a", "DOI")),
        ("https://doi.org/10.1000/a", "URL", ("10.1000/a", "DOI")),
        ("doi:10.1000/a", None, ("10.1000/a", "DOI")),
        ("https://example.org/code", None, ("https://example.org/code", "URL")),
        ("https://example.org/code", "DOI", ("https://example.org/code", "URL")),
        ("2407.03215", "ARXIV", ("2407.03215", "arXiv")),
        ("lab book 7", "notebook", ("lab book 7", "URN")),
    ],
)
def test_identifiers_find_their_type(identifier: str, kind: str | None, expected: tuple[str, str]) -> None:
    related = RelatedIdentifier(identifier=identifier, relation="Cites", identifier_type=kind)
    assert (related.identifier, related.identifier_type) == expected


def test_relations_are_read_leniently() -> None:
    related = RelatedIdentifier(
        identifier="10.1000/a", relation="is supplement to", resource_type="journal article"
    )
    assert (related.relation, related.resource_type, related.relation_note) == (
        "IsSupplementTo",
        "JournalArticle",
        None,
    )


def test_a_relation_of_ones_own_stays_valid_and_is_kept(record: CitationRecord) -> None:
    strange = replace(
        record,
        related=(
            RelatedIdentifier(
                identifier="10.1000/lamella",
                relation="was cut from",
                identifier_type="sample",
                resource_type="a piece of it",
            ),
        ),
    )
    validate_datacite_xml(build_datacite_xml(strange))
    entry = build_datacite_json(strange)["relatedIdentifiers"][-1]
    assert (entry["relationType"], entry["relationTypeInformation"]) == ("Other", "was cut from")
    assert "resourceTypeGeneral" not in entry
