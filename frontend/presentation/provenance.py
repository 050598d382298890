"""What stands behind the arrays and images of a measurement, as its page says it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from processing.declarations.book import get_book
from repository.schema.documents.provenance import Input, Software
from repository.selectors.deposits import MeasurementView
from repository.selectors.products import ProductView


@dataclass(frozen=True, slots=True)
class MadeLine:
    """Something that was made: how, from what, and what must be known of it."""

    title: str
    recipe: str
    made_from: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class MadeGroup:
    """What one installation made with one program, and that program in words."""

    program: str
    version: str
    commit: str
    libraries: str
    lines: tuple[MadeLine, ...]


@dataclass(frozen=True, slots=True)
class ProvenancePart:
    """The files that went in, and what was made of them."""

    inputs: tuple[Input, ...]
    groups: tuple[MadeGroup, ...]


def describe_provenance(measurement: MeasurementView) -> ProvenancePart | None:
    """Return what stands behind a measurement; None where nothing was made yet."""
    grouped: dict[str, tuple[Software, list[MadeLine]]] = {}
    for software, line in (*_list_arrays(measurement), *_list_products(measurement)):
        lines = grouped.setdefault(repr(software), (software, []))[1]
        lines.append(line)
    if not grouped:
        return None
    groups = tuple(_describe_group(software, lines) for software, lines in grouped.values())
    return ProvenancePart(measurement.inputs, groups)


def _describe_group(software: Software, lines: Iterable[MadeLine]) -> MadeGroup:
    named = ({"Python": software.python} if software.python else {}) | dict(
        sorted(software.libraries.items())
    )
    return MadeGroup(
        program=software.program,
        version=f"{software.package} {software.version}".strip(),
        commit=software.commit,
        libraries=", ".join(f"{name} {number}" for name, number in named.items()),
        lines=tuple(lines),
    )


def _list_arrays(measurement: MeasurementView) -> Iterator[tuple[Software, MadeLine]]:
    for signal in measurement.signals:
        if signal.software is not None:
            reader = f"read by {measurement.reader}" if measurement.reader else "converted"
            yield (
                signal.software,
                MadeLine(f"Array “{signal.name}”", reader, _name_source(measurement.inputs)),
            )


def _list_products(measurement: MeasurementView) -> Iterator[tuple[Software, MadeLine]]:
    numbers = {one.result for one in measurement.products if one.kind == "array"}
    for product in measurement.products:
        if product.kind == "preview" and product.result in numbers:
            continue  # the picture of these numbers
        title = product.title or product.output.replace("_", " ").capitalize()
        note = str(product.parameters.get("radii_note") or "")
        yield product.software, MadeLine(title, _name_recipe(product), _name_source(product.inputs), note)


def _name_recipe(product: ProductView) -> str:
    recipe = get_book().find(product.recipe)
    name = product.recipe.replace("_", " ").capitalize() if recipe is None else recipe.title
    return f"{name}, version {product.recipe_version}" if product.recipe_version else name


def _name_source(inputs: tuple[Input, ...]) -> str:
    objects = sum(one.kind == "array_object" for one in inputs)
    if objects:
        return f"the array, {objects} {'object' if objects == 1 else 'objects'}"
    return "the file" if len(inputs) == 1 else f"the {len(inputs)} files"
