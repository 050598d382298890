"""Writing down what recipes made: in a draft in place of the former result, in what is published beside it."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q

from repository.models import Finding, Measurement, Product, Signal
from repository.schema.documents.provenance import SOFTWARE, Software
from repository.schema.findings import Finding as Found
from repository.services.findings import replace_findings
from repository.services.stored_objects import hold_objects


@dataclass(frozen=True, slots=True)
class StoredProduct:
    """A reduction or preview, already in the object store.

    Attributes
    ----------
    recipe, recipe_version, settings
        What made it, and what that was given.
    output
        Which of the recipe's results it is.
    parameters
        What is said of the result.
    software
        The program behind it. Two runs that differ in nothing else make the same product.
    cover_rank
        Of a picture: its rank among those that can stand for a measurement.
    """

    recipe: str
    output: str
    kind: str
    title: str
    parameters: Mapping[str, Any]
    media_type: str
    size: int
    sha256: str
    software: Software
    recipe_version: int = 0
    settings: Mapping[str, Any] = field(default_factory=dict)
    input_digests: tuple[str, ...] = ()
    cover_rank: int | None = None


@dataclass(frozen=True, slots=True)
class ReducedSignal:
    """What recipes made of a converted array.

    Attributes
    ----------
    statistics
        What was measured along the way; it replaces what was known under these names.
    outputs
        All that the recipes could have made: of these, what they did not make is gone.
    """

    name: str
    statistics: Mapping[str, Any]
    products: tuple[StoredProduct, ...]
    outputs: frozenset[str] = frozenset()


def build_product_digest(signal_name: str, product: StoredProduct) -> str:
    """Return the sha256 over all that decides a product: the same recipe over the same bytes has the same digest."""
    decides = {
        "inputs": sorted(product.input_digests),
        "signal": signal_name,
        "recipe": product.recipe,
        "version": product.recipe_version,
        "settings": product.settings,
        "output": product.output,
    }
    text = json.dumps(decides, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def create_products(
    measurement: Measurement,
    signal: Signal,
    products: Sequence[StoredProduct],
    *,
    is_preliminary: bool = False,
) -> None:
    """Write products down; what is there already under the same digest stays as it is."""
    hold_objects(product.sha256 for product in products)
    Product.objects.bulk_create(
        (
            Product(
                measurement=measurement,
                signal=signal,
                recipe=product.recipe,
                recipe_version=product.recipe_version,
                output=product.output,
                settings=dict(product.settings),
                digest=build_product_digest(signal.name, product),
                kind=product.kind,
                title=product.title,
                parameters={**product.parameters, SOFTWARE: product.software.as_dict()},
                code_version=product.software.code_version,
                input_digests=list(product.input_digests),
                media_type=product.media_type,
                size=product.size,
                sha256=product.sha256,
                is_preliminary=is_preliminary,
                is_added=measurement.frozen_at is not None,
                cover_rank=product.cover_rank,
            )
            for product in products
        ),
        # Only what is published can hold it: asked for twice, it is the same.
        ignore_conflicts=measurement.frozen_at is not None,
    )


def record_reduction(
    *,
    measurement: Measurement,
    optics: Mapping[str, Any],
    reduced: Sequence[ReducedSignal],
    findings: Sequence[Found],
) -> None:
    """Write down what recipes made of converted arrays.

    In a draft products, statistics, the calibration behind them and findings are replaced together. What is published
    only gets further products.
    """
    signals = {signal.name: signal for signal in measurement.signals.all()}
    if measurement.frozen_at is not None:
        for result in reduced:
            create_products(measurement, signals[result.name], result.products)
        return
    for result in reduced:
        signal = signals[result.name]
        made = {product.recipe for product in result.products}
        signal.products.filter(Q(recipe__in=made) | Q(output__in=result.outputs)).delete()
        create_products(measurement, signal, result.products)
        signal.statistics = {**signal.statistics, **result.statistics}
        signal.save(update_fields=["statistics"])
    measurement.calibration = dict(optics)
    measurement.save(update_fields=["calibration"])
    replace_findings(
        deposit=measurement.deposit,
        stage=Finding.Stage.REDUCTION,
        measurement=measurement,
        found=findings,
    )


def note_reduction_failure(*, measurement: Measurement, finding: Found) -> None:
    """Say why a draft was not reduced again; its arrays and former products stand."""
    if measurement.frozen_at is None:
        replace_findings(
            deposit=measurement.deposit,
            stage=Finding.Stage.REDUCTION,
            measurement=measurement,
            found=[finding],
        )
