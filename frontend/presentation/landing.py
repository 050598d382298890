"""Everything that the landing page shows of a version.

With the code that opens a measurement: the very addresses, and an index that exists; and what can be computed of it, as
forms with unit, range and default from the declarations.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from frontend.presentation.export_links import ExportLink, list_measurement_links
from frontend.presentation.fates import describe_fate
from frontend.presentation.figures import Figure, Viewer, list_figures, list_viewers
from frontend.presentation.metadata_rows import MetadataGroup, build_metadata_groups
from frontend.presentation.provenance import ProvenancePart, describe_provenance
from frontend.presentation.quantities import format_number
from frontend.presentation.reading import describe_reading
from processing.declarations.book import get_book
from processing.declarations.recipe import Parameter, Recipe, is_real
from repository.schema.export import CitationRecord, RelatedIdentifier
from repository.schema.export.making import list_making_terms
from repository.schema.places import get_value
from repository.schema.quantities.unit_symbols import get_symbol
from repository.selectors.addresses import home, version_archive
from repository.selectors.datasets import DatasetView
from repository.selectors.deposits import FindingView, MeasurementView, SignalView


@dataclass(frozen=True, slots=True)
class OpeningCode:
    """A few lines of Python, and what they need."""

    title: str
    needs: str
    lines: str


def list_opening_code(measurement: MeasurementView) -> tuple[OpeningCode, ...]:
    """Return how to open the arrays of a measurement with our client and without; nothing where none is converted."""
    ready = [signal for signal in measurement.signals if signal.is_converted]
    if not ready:
        return ()
    return (
        OpeningCode(
            "With our client", "pip install ./client", "\n".join(_open_with_client(measurement, ready))
        ),
        OpeningCode(
            "With any reader of Zarr v3", "pip install 'zarr[remote]'", "\n".join(_open_with_zarr(ready))
        ),
    )


def _open_with_client(measurement: MeasurementView, signals: list[SignalView]) -> Iterator[str]:
    yield "import stemma"
    yield ""
    yield f'client = stemma.connect("{home().rstrip("/")}")'
    yield f'measurement = client.open("{measurement.id}")'
    for number, signal in enumerate(signals):
        name = _variable(number)
        yield f'{name} = measurement["{signal.name}"]  # {_describe(signal)}'
        yield f"values = {name}[{_index(signal)}]"


def _open_with_zarr(signals: list[SignalView]) -> Iterator[str]:
    yield "import zarr"
    yield ""
    for number, signal in enumerate(signals):
        name = _variable(number)
        yield f'{name} = zarr.open_array("{signal.zarr}", mode="r")'
        yield f"values = {name}[{_index(signal)}]"


def _variable(number: int) -> str:
    return "signal" if number == 0 else f"signal_{number + 1}"


def _describe(signal: SignalView) -> str:
    return ", ".join(f"{axis['name']} {axis['size']}" for axis in signal.axes)


def _index(signal: SignalView) -> str:
    """Return the index of the pattern or spectrum in the middle; of an image, all of it."""
    middle = [str(size // 2) for size in signal.shape[: len(signal.shape) - signal.n_signal_axes]]
    return ", ".join(middle) or "..."


@dataclass(frozen=True, slots=True)
class ParameterInput:
    """An input for one number; texts are as a number input takes them."""

    id: str
    name: str
    title: str
    unit: str
    default: str
    lowest: str
    highest: str
    step: str


@dataclass(frozen=True, slots=True)
class RecipeForm:
    """A recipe that can be asked for."""

    name: str
    title: str
    description: str
    inputs: tuple[ParameterInput, ...]


def list_recipe_forms(measurement: MeasurementView) -> tuple[RecipeForm, ...]:
    """Return the recipes that work on an array of the measurement and are not made by themselves with it."""
    kinds = {
        signal.statistics.get("kind")
        for signal in measurement.signals
        if signal.is_converted and is_real(signal.dtype)
    }
    return tuple(
        _build_form(measurement.id, recipe)
        for recipe in get_book().recipes
        if kinds & set(recipe.applies_to) and (recipe.made == "request" or recipe.parameters)
    )


def _build_form(measurement_id: str, recipe: Recipe) -> RecipeForm:
    return RecipeForm(
        name=recipe.name,
        title=recipe.title,
        description=recipe.description,
        inputs=tuple(
            _build_input(f"{measurement_id}-{recipe.name}", parameter) for parameter in recipe.parameters
        ),
    )


def _build_input(prefix: str, parameter: Parameter) -> ParameterInput:
    return ParameterInput(
        id=f"{prefix}-{parameter.name}",
        name=parameter.name,
        title=parameter.title,
        unit=get_symbol(parameter.unit),
        default=format_number(parameter.default),
        lowest=format_number(parameter.lowest),
        highest=format_number(parameter.highest),
        step="1" if parameter.is_whole else "any",
    )


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
