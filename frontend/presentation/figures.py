"""Previews as figures with captions, and the images in which a reader chooses the beam's place."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from frontend.presentation.calibrations import describe_carried
from processing.declarations.book import get_book
from repository.schema.quantities.unit_symbols import get_symbol
from repository.schema.questions.fields import load_catalogue
from repository.selectors.deposits import MeasurementView, SignalView
from repository.selectors.products import ProductView

_IN_COLORS = frozenset({"color_image", "color_image_series"})


@dataclass(frozen=True, slots=True)
class Figure:
    """A preview with what its caption says."""

    title: str
    caption: str
    url: str
    is_preliminary: bool = False
    width: int | None = None
    height: int | None = None


@dataclass(frozen=True, slots=True)
class Viewer:
    """What the pattern viewer is told of a signal; `calibrations` are sentences about its axes.

    Attributes
    ----------
    label
        Its name, and what the file calls it.
    kind
        What its products took it for; empty where nobody knows.
    calibrations
        Where the record corrects the file's axes, and which calibrations it carries.
    """

    name: str
    label: str
    kind: str
    shape: str
    zarr: str
    is_ready: bool
    axes: list[dict[str, Any]]
    calibrations: tuple[str, ...]
    navigators: tuple[Mapping[str, str], ...]


def list_figures(measurement: MeasurementView) -> tuple[Figure, ...]:
    """Return the previews of a measurement in the order in which they were made."""
    arrays = {_name(each): each.parameters for each in measurement.products if each.kind == "array"}
    labels = {signal.name: label_signal(signal) for signal in measurement.signals}
    return tuple(
        Figure(
            title=product.title or product.output.replace("_", " ").capitalize(),
            caption=_caption(
                product,
                arrays.get(_name(product), {}),
                signal=labels.get(product.signal, "") if len(labels) > 1 else "",
            ),
            url=product.url,
            is_preliminary=product.is_preliminary,
        )
        for product in measurement.products
        if product.kind == "preview"
    )


def _name(product: ProductView) -> tuple[Any, ...]:
    """Return what an array and its picture have in common."""
    return product.result if product.is_added else (product.signal, product.output)


def _caption(product: ProductView, parameters: Mapping[str, Any], *, signal: str) -> str:
    """Return which signal it shows and the angles of a virtual detector, in mrad where they are known."""
    parts = [f"Signal {signal}"] if signal else []
    if product.is_preliminary:
        parts.append(_describe_part(product.parameters))
    if product.is_added:
        parts.append(_describe_settings(product))
    for unit, suffix in (("mrad", "_mrad"), ("α", "_in_alpha"), ("px", "_px")):
        inner, outer = parameters.get(f"inner{suffix}"), parameters.get(f"outer{suffix}")
        if inner is not None and outer is not None:
            parts.append(f"{inner:.3g}–{outer:.3g} {unit}")
            break
        if inner is not None:
            parts.append(f"From {inner:.3g} {unit} outwards")
            break
    return ", ".join(parts)


def _describe_settings(product: ProductView) -> str:
    """Return what was asked for where a product was made after the version was published."""
    given = product.settings.get("parameters") or {}
    recipe = get_book().find(product.recipe)
    units = {} if recipe is None else {one.name: one.unit for one in recipe.parameters}
    said = [
        f"{name.replace('_', ' ')} {value:g} {get_symbol(units.get(name, '1'))}".rstrip()
        for name, value in given.items()
        if isinstance(value, int | float)
    ]
    return ", ".join(["Added after publishing", *said])


def _describe_part(parameters: Mapping[str, Any]) -> str:
    """Return from how much of the values a preliminary picture was made."""
    n_read, n_total = parameters.get("n_read"), parameters.get("n_total")
    if not isinstance(n_read, int) or not isinstance(n_total, int):
        return "Preview from a part of the values"
    return f"Preview from {n_read:,} of {n_total:,} {parameters.get('counted', 'values')}"


def list_viewers(measurement: MeasurementView) -> tuple[Viewer, ...]:
    """Return the signals that can be looked at in the browser; of a picture in colors its preview shows all."""
    return tuple(
        Viewer(
            name=signal.name,
            label=label_signal(signal),
            kind=signal.statistics.get("kind") or "",
            shape=" × ".join(map(str, signal.shape)),
            zarr=signal.zarr,
            is_ready=signal.is_converted,
            axes=[dict(axis) for axis in signal.axes],
            calibrations=(*list_calibrations(signal.axes), *describe_carried(signal.calibrations)),
            navigators=_list_navigators(measurement, signal),
        )
        for signal in measurement.signals
        if signal.statistics.get("kind") not in _IN_COLORS
    )


def label_signal(signal: SignalView) -> str:
    """Return “data” (HAADF): the name of a signal, and what the file calls it where that says more."""
    said = signal.title.strip()
    is_same = said.casefold().replace(" ", "_") == signal.name
    return f"“{signal.name}”" if not said or is_same else f"“{signal.name}” ({said})"


def list_calibrations(axes: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """Return a sentence for axes that the record has otherwise than the file, what the file says beside it."""
    named: dict[str, list[str]] = {}
    for axis in axes:
        own = axis["in_file"]
        if own is not None:
            file_says = "nothing" if own["scale"] is None else _describe_axis(own)
            said = f"{_describe_axis(axis)} by the metadata ({_name_field(axis['said_by'])}); the file says {file_says}"
            named.setdefault(said, []).append(axis["name"])
    return tuple(f"{', '.join(names)}: {said}." for said, names in named.items())


def _describe_axis(axis: Mapping[str, Any]) -> str:
    unit = get_symbol(axis["unit"])
    start = f" from {axis['offset']:.6g} {unit}" if axis["offset"] else ""
    return f"{axis['scale']:.6g} {unit} per sample{start}"


def _name_field(path: str) -> str:
    field = load_catalogue().measurement.get(path)
    return path if field is None else field.title.lower()


def _list_navigators(measurement: MeasurementView, signal: SignalView) -> tuple[Mapping[str, str], ...]:
    arrays = [
        product
        for product in measurement.products
        if product.kind == "array" and product.signal == signal.name and not product.is_added
    ]
    ranked = [
        (output.navigator, product)
        for product in arrays
        if (output := get_book().find_output(product.output)) is not None and output.navigator is not None
    ]
    return tuple(
        {"title": product.title or product.output.replace("_", " "), "url": urlsplit(product.url).path}
        for _, product in sorted(ranked, key=lambda found: found[0])
    )
