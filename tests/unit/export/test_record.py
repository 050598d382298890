from dataclasses import replace
from datetime import date

import pytest

from repository.schema.export import (
    LICENSES,
    CitationRecord,
    CitationRecordError,
    Creator,
    UnknownLicenseError,
    build_citation,
    build_meta_tags,
    get_license,
)


def test_orcid_and_ror_are_kept_as_absolute_addresses() -> None:
    creator = Creator(
        name="A", orcid="https://orcid.org/0000-0002-1825-009X", affiliation="B", ror="05dxps055"
    )
    assert creator.orcid == "https://orcid.org/0000-0002-1825-009X"
    assert creator.ror == "https://ror.org/05dxps055"


@pytest.mark.parametrize(
    ("field", "text"), [("orcid", "0000-0002-1825"), ("ror", "https://example.org/05dxps055")]
)
def test_a_malformed_identifier_is_refused(field: str, text: str) -> None:
    with pytest.raises(CitationRecordError, match=text):
        Creator(name="A", affiliation="B", **{field: text})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"title": " \x00 "}, "title"),
        ({"publisher": ""}, "publisher"),
        ({"creators": ()}, "creator"),
        ({"access": "embargoed"}, "embargo"),
    ],
)
def test_what_no_citation_can_do_without_is_demanded(
    record: CitationRecord, change: dict[str, object], sentence: str
) -> None:
    with pytest.raises(CitationRecordError, match=sentence):
        replace(record, **change)  # type: ignore[arg-type]


def test_a_creator_whose_name_cannot_be_written_is_refused() -> None:
    with pytest.raises(CitationRecordError, match="name"):
        Creator(name="\x07\ud800")


def test_the_year_is_that_in_which_the_data_become_public(record: CitationRecord) -> None:
    assert record.publication_year == 2026
    embargoed = replace(record, access="embargoed", embargo_until=date(2028, 1, 1))
    assert embargoed.publication_year == 2028
    assert replace(record, embargo_until=date(2020, 1, 1)).publication_year == 2026


def test_the_days_of_acquisition_span_the_measurements(record: CitationRecord) -> None:
    assert record.collected == (date(2026, 10, 1), date(2026, 10, 3))
    assert replace(record, measurements=()).collected is None


def test_the_size_is_that_of_all_files(record: CitationRecord) -> None:
    assert record.size == 1_000_002_048


def test_the_concept_points_at_every_version(record: CitationRecord) -> None:
    concept = record.as_concept(["10.5072/k3f9-2xq7.v1", "10.5072/k3f9-2xq7.v2"])
    assert (concept.doi, concept.version, concept.concept_doi) == ("10.5072/k3f9-2xq7", None, None)
    relations = [(entry.relation, entry.identifier) for entry in concept.all_related()]
    assert ("HasVersion", "10.5072/k3f9-2xq7.v1") in relations
    assert ("HasVersion", "10.5072/k3f9-2xq7.v2") in relations
    assert not any(relation == "IsVersionOf" for relation, _ in relations)
    with pytest.raises(CitationRecordError, match="concept"):
        concept.as_concept([])


def test_citation(record: CitationRecord) -> None:
    assert build_citation(record) == (
        "Lindqvist, Ada; Consortium for Slow, and Fast, Electrons (2026): Ptychography of MoS₂ at 80 kV & "
        "what came of <it> (version 2). Stemma [dataset]. https://stemma.example/doi/10.5072/k3f9-2xq7.v2"
    )


def test_a_draft_is_cited_by_its_page_and_has_no_placeholder(record: CitationRecord) -> None:
    draft = replace(record, doi=None)
    assert build_citation(draft).endswith("https://stemma.example/datasets/k3f9-2xq7")


def test_a_long_list_of_authors_is_cut(record: CitationRecord) -> None:
    many = replace(record, creators=tuple(Creator(name=f"Author {n}") for n in range(40)))
    citation = build_citation(many)
    assert "Author 19; et al. (2026)" in citation
    assert "Author 20" not in citation


def test_licenses_are_found_whatever_their_case() -> None:
    assert get_license("cc-by-4.0").url == "https://spdx.org/licenses/CC-BY-4.0"
    assert {"CC-BY-4.0", "CC0-1.0", "CC-BY-SA-4.0"} <= set(LICENSES)


def test_a_license_outside_the_table_is_named_by_its_identifier() -> None:
    rare = get_license("EUPL-1.2")
    assert (rare.name, rare.url, rare.deed) == ("EUPL-1.2", *["https://spdx.org/licenses/EUPL-1.2"] * 2)
    with pytest.raises(UnknownLicenseError, match="SPDX"):
        get_license("all rights reserved")


def test_meta_tags_name_every_creator_and_the_doi(record: CitationRecord) -> None:
    tags = build_meta_tags(record)
    assert [content for name, content in tags if name == "citation_author"] == [
        "Lindqvist, Ada",
        "Consortium for Slow, and Fast, Electrons",
    ]
    assert ("citation_doi", "10.5072/k3f9-2xq7.v2") in tags
    assert ("DC.accessRights", "info:eu-repo/semantics/openAccess") in tags
    assert not any(name == "citation_doi" for name, _ in build_meta_tags(replace(record, doi=None)))
