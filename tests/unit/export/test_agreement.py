"""Every export is written from one record: none may say something else than the others."""

import re
from dataclasses import replace
from datetime import date
from typing import NamedTuple, cast

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from repository.exports.bibtex import build_bibtex
from repository.exports.datacite_json import build_datacite_json
from repository.exports.datacite_xml import build_datacite_xml
from repository.exports.schema_org import build_schema_org_jsonld, render_script_json
from repository.schema.export import CitationRecord, Creator, build_citation
from repository.schema.export.vocabulary import clean_line
from tests.datacite_kernel import validate_datacite_xml


class Essence(NamedTuple):
    creators: list[str]
    title: str
    doi: str
    license: str
    year: int


def read_xml(xml: bytes) -> Essence:
    root = etree.fromstring(xml)

    def texts(path: str) -> list[str]:
        found = root.xpath(path, namespaces={"d": "http://datacite.org/schema/kernel-4"})
        return [str(text) for text in cast("list[str]", found)]

    return Essence(
        texts("//d:creatorName/text()"),
        texts("//d:title/text()")[0],
        texts("/d:resource/d:identifier/text()")[0],
        texts("//d:rights/@rightsURI")[0],
        int(texts("//d:publicationYear/text()")[0]),
    )


def read_datacite_json(record: CitationRecord) -> Essence:
    document = build_datacite_json(record)
    return Essence(
        [creator["name"] for creator in document["creators"]],
        document["titles"][0]["title"],
        document["doi"],
        document["rightsList"][0]["rightsUri"],
        document["publicationYear"],
    )


def read_schema_org(record: CitationRecord) -> Essence:
    document = build_schema_org_jsonld(record)
    names = []
    for creator in document["creator"]:
        parts = [creator[part] for part in ("familyName", "givenName") if part in creator]
        names.append(", ".join(parts) if "familyName" in creator else creator["name"])
    return Essence(
        names,
        document["name"],
        document["identifier"][0]["value"].removeprefix("doi:"),
        document["license"],
        document["copyrightYear"],
    )


def read_bibtex(record: CitationRecord) -> Essence:
    entry = build_bibtex(record)
    fields = dict(re.findall(r"^  (\w+) = \{(.*)\},$", entry, flags=re.MULTILINE))
    return Essence(
        [unescape(author) for author in re.split(r" and (?![^{]*[^\\]\})", fields["author"])],
        unescape(fields["title"]),
        fields["doi"],
        "https://spdx.org/licenses/" + fields["note"].removeprefix("License: "),
        int(fields["year"]),
    )


def unescape(text: str) -> str:
    if text.startswith("{"):
        text = text[1:-1]
    text = re.sub(r"\\([{}$&#%_])", r"\1", text)
    for escaped, character in (
        (r"\textasciitilde{}", "~"),
        (r"\textasciicircum{}", "^"),
        (r"\textbackslash{}", "\\"),
    ):
        text = text.replace(escaped, character)
    return text


def test_all_exports_agree(record: CitationRecord) -> None:
    expected = Essence(
        ["Lindqvist, Ada", "Consortium for Slow, and Fast, Electrons"],
        "Ptychography of MoS₂ at 80 kV & what came of <it>",
        "10.5072/k3f9-2xq7.v2",
        "https://spdx.org/licenses/CC-BY-4.0",
        2028,
    )
    embargoed = replace(record, access="embargoed", embargo_until=date(2028, 1, 1))
    assert read_xml(build_datacite_xml(embargoed)) == expected
    assert read_datacite_json(embargoed) == expected
    assert read_schema_org(embargoed) == expected
    assert read_bibtex(embargoed) == expected
    citation = build_citation(embargoed)
    for part in (*expected.creators, expected.title, expected.doi, str(expected.year)):
        assert part in citation


# Arbitrary text, lone surrogates and control characters included
writable = st.text(alphabet=st.characters(codec=None, categories=None), min_size=1, max_size=60).filter(
    clean_line
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(title=writable, names=st.lists(writable, min_size=1, max_size=4), abstract=st.text(max_size=200))
def test_any_text_is_valid_xml_and_the_same_everywhere(
    record: CitationRecord, title: str, names: list[str], abstract: str
) -> None:
    strange = replace(
        record,
        title=title,
        abstract=abstract,
        creators=tuple(Creator(name=name, affiliation=name) for name in names),
        keywords=tuple(names),
    )
    xml = build_datacite_xml(strange)
    validate_datacite_xml(xml)
    essence = read_xml(xml)
    assert essence.title == strange.title == clean_line(title)
    assert essence == read_datacite_json(strange) == read_schema_org(strange)
    assert strange.title in build_citation(strange)
    render_script_json(build_schema_org_jsonld(strange)).encode("utf-8")
    build_bibtex(strange).encode("utf-8")
