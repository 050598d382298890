from datetime import date

import pytest

from repository.schema.export import (
    CitationRecord,
    Creator,
    FileRecord,
    Funding,
    Instrument,
    MeasurementRecord,
    RelatedIdentifier,
    Subject,
    Variable,
    get_license,
)


@pytest.fixture
def record() -> CitationRecord:
    """Return a record with every field filled."""
    return CitationRecord(
        id="k3f9-2xq7",
        version=2,
        doi="10.5072/k3f9-2xq7.v2",
        concept_doi="10.5072/k3f9-2xq7",
        previous_version_doi="10.5072/k3f9-2xq7.v1",
        title="Ptychography of MoS₂ at 80 kV & what came of <it>",
        creators=(
            Creator(
                name="Ada Lindqvist",
                given="Ada",
                family="Lindqvist",
                orcid="0000-0002-1825-0097",
                affiliation="Institute of Electron Optics",
                ror="05dxps055",
            ),
            Creator(name="Consortium for Slow, and Fast, Electrons", kind="organization"),
        ),
        abstract="A 4D-STEM scan.\n\nSecond paragraph with α = 21.4 mrad.",
        license=get_license("CC-BY-4.0"),
        publisher="Stemma",
        published=date(2026, 11, 21),
        modified=date(2026, 11, 22),
        url="https://stemma.example/datasets/k3f9-2xq7",
        doi_resolver="https://stemma.example/doi/",
        keywords=("MoS2", "ptychography"),
        subjects=(Subject(term="STEM", uri="http://purl.obolibrary.org/obo/CHMO_0000086", scheme="CHMO"),),
        related=(RelatedIdentifier(identifier="10.1000/paper", relation="IsSupplementTo"),),
        funding=(
            Funding(
                funder="Science Fund",
                ror="https://ror.org/021nxhr62",
                award_number="A-17",
                award_uri="https://example.org/A-17",
                award_title="Slow electrons",
            ),
        ),
        instruments=(
            Instrument(name="Microscope 3", manufacturer="Nion", model="UltraSTEM", doi="10.5072/m3"),
        ),
        files=(
            FileRecord(
                path="scan/acquisition.xml",
                size=2048,
                sha256="0" * 64,
                url="https://stemma.example/f/1",
                media_type="application/xml",
            ),
            FileRecord(path="scan/scan.raw", size=10**9, sha256="1" * 64, url="https://stemma.example/f/2"),
        ),
        measurements=(
            MeasurementRecord(
                id="m0b2-77ah",
                techniques=("four_d_stem", "annular"),
                acquired_at="2026-10-01T10:00:00+02:00",
                variables=(
                    Variable(
                        name="acceleration_voltage", value=80.0, unit="kV", source="header", basis="nominal"
                    ),
                    Variable(name="defocus", minimum=-10.0, maximum=10.0, unit="nm"),
                    Variable(name="scan_shape", value=(256.0, 256.0), unit="1"),
                ),
            ),
            MeasurementRecord(
                id="n1c3-88bj",
                techniques=("eels",),
                acquired_at="2026-10-03",
                variables=(
                    Variable(
                        name="acceleration_voltage", value=80.0, unit="kV", source="header", basis="nominal"
                    ),
                ),
            ),
        ),
        catalog_url="https://stemma.example/",
        schema_iri="https://stemma.example/api/v1/schemas/stem/1.0.0/record.json",
    )
