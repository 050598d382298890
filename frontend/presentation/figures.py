"""Previews as figures with captions, and the images in which a reader chooses the beam's place."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from repository.selectors.deposits import MeasurementView, ProductView, SignalView

_NAVIGATORS = (
    "annular_dark_field",
    "high_angle_annular_dark_field",
    "outer_virtual_dark_field",
    "virtual_bright_field",
    "annular_bright_field",
    "summed_intensity",
)


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
    """What the pattern viewer is told of a signal."""

    name: str
    shape: str
    zarr: str
    is_ready: bool
    axes: list[dict[str, Any]]
    navigators: tuple[Mapping[str, str], ...]


def list_figures(measurement: MeasurementView) -> tuple[Figure, ...]:
    """Return the previews of a measurement in the order in which they were made."""
    recipes = {
        (each.signal, each.recipe): each.parameters for each in measurement.products if each.kind == "array"
    }
    has_many = len(measurement.signals) > 1
    return tuple(
        Figure(
            title=product.title or product.recipe.replace("_", " ").capitalize(),
            caption=_caption(
                product, recipes.get((product.signal, product.recipe), {}), names_signal=has_many
            ),
            url=product.url,
            is_preliminary=product.is_preliminary,
        )
        for product in measurement.products
        if product.kind == "preview"
    )


def _caption(product: ProductView, parameters: Mapping[str, Any], *, names_signal: bool) -> str:
    """Return which signal it shows and the angles of a virtual detector, in mrad where they are known."""
    parts = [f"Signal “{product.signal}”"] if names_signal else []
    if product.is_preliminary:
        parts.append(_describe_part(product.parameters))
    for unit, suffix in (("mrad", "_mrad"), ("α", "_in_alpha"), ("px", "_px")):
        inner, outer = parameters.get(f"inner{suffix}"), parameters.get(f"outer{suffix}")
        if inner is not None and outer is not None:
            parts.append(f"{inner:.3g}–{outer:.3g} {unit}")
            break
        if inner is not None:
            parts.append(f"From {inner:.3g} {unit} outwards")
            break
    return ", ".join(parts)


def _describe_part(parameters: Mapping[str, Any]) -> str:
    """Return from how much of the values a preliminary picture was made."""
    n_read, n_total = parameters.get("n_read"), parameters.get("n_total")
    if not isinstance(n_read, int) or not isinstance(n_total, int):
        return "Preview from a part of the values"
    return f"Preview from {n_read:,} of {n_total:,} {parameters.get('counted', 'values')}"


def list_viewers(measurement: MeasurementView) -> tuple[Viewer, ...]:
    """Return the signals that can be looked at in the browser."""
    return tuple(
        Viewer(
            name=signal.name,
            shape=" × ".join(map(str, signal.shape)),
            zarr=signal.zarr,
            is_ready=signal.is_converted,
            axes=[dict(axis) for axis in signal.axes],
            navigators=_list_navigators(measurement, signal),
        )
        for signal in measurement.signals
    )


def _list_navigators(measurement: MeasurementView, signal: SignalView) -> tuple[Mapping[str, str], ...]:
    arrays = [
        product
        for product in measurement.products
        if product.kind == "array" and product.signal == signal.name
    ]
    ranked = sorted(arrays, key=lambda product: _rank(product.recipe))
    return tuple(
        {"title": product.title or product.recipe.replace("_", " "), "url": urlsplit(product.url).path}
        for product in ranked
        if _rank(product.recipe) < len(_NAVIGATORS)
    )


def _rank(recipe: str) -> int:
    return _NAVIGATORS.index(recipe) if recipe in _NAVIGATORS else len(_NAVIGATORS)
