from collections.abc import Mapping
from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from frontend.presentation.field_help import locate_field
from frontend.presentation.metadata_rows import GROUP_TITLES, group_title
from frontend.views.answers import answer_page
from ingest.formats.registry import list_formats
from processing.declarations.book import get_book
from repository.exports.registry import list_exports
from repository.schema.quantities.unit_symbols import get_symbol
from repository.schema.questions.fields import load_catalogue
from repository.schema.versions.comparison import compare_with_former
from repository.schema.versions.in_force import VERSION_IN_FORCE, is_released, list_versions

_INTERNAL = frozenset({"looked_for"})


@dataclass(frozen=True, slots=True)
class FieldLine:
    """A field of the schema as the documentation shows it."""

    path: str
    title: str
    description: str
    why: str
    units: tuple[str, ...]
    words: tuple[str, ...]
    help: str


def show_about(request: HttpRequest) -> HttpResponse:
    """Say what this place is, which formats it reads, and how arrays are read."""
    context = {"section": "about", "public_url": settings.PUBLIC_URL, "formats": list_formats()}
    return answer_page(request, "about.html", context, is_public=True)


def show_schema(request: HttpRequest) -> HttpResponse:
    """List every field of the metadata schema, straight from the catalogue."""
    groups = [{"title": title, "fields": lines} for title, lines in _group_fields().items() if lines]
    context = {
        "groups": groups,
        "version": VERSION_IN_FORCE,
        "is_open": not is_released(VERSION_IN_FORCE),
        "former_versions": [version for version in list_versions() if version != VERSION_IN_FORCE],
        "changes": compare_with_former(VERSION_IN_FORCE),
    }
    return answer_page(request, "schema.html", context, is_public=True)


def _group_fields() -> Mapping[str, list[FieldLine]]:
    catalogue = load_catalogue()
    reasons = {row.path: row.why for row in catalogue.rows}
    grouped: dict[str, list[FieldLine]] = {title: [] for title in GROUP_TITLES.values()}
    parents = {path.removesuffix("[]"): field.group for path, field in catalogue.measurement.items()}
    for path, field in catalogue.measurement.items():
        if path in _INTERNAL:
            continue
        group = parents.get(path.split("[]")[0], field.group)
        terms = catalogue.vocabularies.get(field.vocabulary or "", ())
        grouped.setdefault(group_title(group), []).append(
            FieldLine(
                path=path,
                title=field.title,
                description=field.description,
                why=reasons.get(path, ""),
                units=tuple(get_symbol(unit) or "1" for unit in field.units),
                words=tuple(term.value for term in terms),
                help=locate_field(path) or "",
            )
        )
    return grouped


def show_recipes(request: HttpRequest) -> HttpResponse:
    """List what is made of which arrays, straight from the recipes."""
    return answer_page(request, "recipes.html", {"recipes": get_book().recipes}, is_public=True)


def show_exports(request: HttpRequest) -> HttpResponse:
    """List the formats in which other programs read datasets and measurements, straight from the exports."""
    exports = [(export, export.locate("xxxx-xxxx")) for export in list_exports()]
    return answer_page(request, "exports.html", {"exports": exports}, is_public=True)
