"""Everything that the landing page shows of a version."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from frontend.presentation.export_links import ExportLink, list_measurement_links
from frontend.presentation.fates import FateChoice, describe_fate, list_fate_choices
from frontend.presentation.figures import Figure, Viewer, list_figures, list_viewers
from frontend.presentation.metadata_rows import MetadataGroup, build_metadata_groups
from frontend.presentation.opening_code import OpeningCode, list_opening_code
from frontend.presentation.provenance import ProvenancePart, describe_provenance
from frontend.presentation.reading import describe_reading
from frontend.presentation.recipe_forms import RecipeForm, list_recipe_forms
from repository.schema.documents.places import get_value
from repository.schema.export import CitationRecord, RelatedIdentifier
from repository.schema.export.making import list_making_terms
from repository.selectors.addresses import version_archive
from repository.selectors.datasets import DatasetView
from repository.selectors.deposits import FindingView, MeasurementView

_RELATION_WORDS: Mapping[str, str] = {
    "IsSupplementTo": "Supplement to",
    "IsCitedBy": "Cited by",
    "Cites": "Cites",
    "IsDerivedFrom": "Derived from",
    "References": "Refers to",
    "IsReferencedBy": "Referred to by",
}


@dataclass(frozen=True, slots=True)
class MeasurementPart:
    """One measurement as the pages show it."""

    id: str
    title: str
    path: str
    techniques: tuple[str, ...]
    state_words: str
    figures: tuple[Figure, ...]
    viewers: tuple[Viewer, ...]
    groups: tuple[MetadataGroup, ...]
    findings: tuple[FindingView, ...]
    recipes: tuple[RecipeForm, ...]
    provenance: ProvenancePart | None = None
    exports: tuple[ExportLink, ...] = ()
    opening: tuple[OpeningCode, ...] = ()
    fate_words: str = ""
    fates: tuple[FateChoice, ...] = ()


@dataclass(frozen=True, slots=True)
class RelatedLine:
    """Something outside that the dataset points at."""

    words: str
    identifier: str
    url: str


def describe_measurement_part(measurement: MeasurementView) -> MeasurementPart:
    """Return a measurement with figures, viewers and its conditions."""
    title = get_value(measurement.present, "title")
    return MeasurementPart(
        id=measurement.id,
        title=str(title) if title else measurement.path,
        path=measurement.path,
        techniques=measurement.techniques,
        state_words=describe_reading(measurement),
        figures=list_figures(measurement),
        viewers=list_viewers(measurement),
        groups=build_metadata_groups(measurement.present, from_file=measurement.from_file),
        findings=measurement.findings,
        recipes=list_recipe_forms(measurement),
        provenance=describe_provenance(measurement),
        fate_words=describe_fate(measurement.fate),
        fates=list_fate_choices(measurement),
    )


def describe_landing_page(
    dataset: DatasetView, record: CitationRecord, *, shows_data: bool
) -> dict[str, Any]:
    """Return what the landing page's template needs."""
    newer = sorted(
        (line for line in dataset.versions if line.number > dataset.version), key=lambda line: line.number
    )
    published = [line.number for line in newer if line.state == "published"]
    return {
        "dataset": dataset,
        "creators": record.creators,
        "abstract": record.abstract,
        "keywords": record.keywords,
        "license": record.license,
        "funding": record.funding,
        "related": tuple(_describe_related(item) for item in record.related),
        "techniques": tuple(dict.fromkeys(name for each in dataset.measurements for name in each.techniques)),
        "makings": list_making_terms(record.makings),
        "measurements": tuple(
            replace(
                describe_measurement_part(each),
                exports=list_measurement_links(each.id, with_arrays=shows_data),
                opening=list_opening_code(each) if shows_data else (),
            )
            for each in dataset.measurements
        ),
        "show_data": shows_data,
        "newer": max(published, default=None),
        "withdrawn_since": () if published else tuple(line.number for line in newer),
        "zip_address": version_archive(dataset.id, dataset.version),
        "n_damaged": sum(file.damaged_at is not None for file in dataset.files),
    }


def _describe_related(item: RelatedIdentifier) -> RelatedLine:
    url = item.identifier if item.identifier.startswith(("https://", "http://")) else ""
    if item.identifier_type == "DOI" and not url:
        url = f"https://doi.org/{item.identifier}"
    words = _RELATION_WORDS.get(item.relation, item.relation)
    return RelatedLine(words=words, identifier=item.identifier, url=url)
