"""Writing down what recipes made: in a draft in place of the former result, in what is published beside it."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q
from django.utils import timezone

from repository.models import ArrayObject, Finding, Measurement, Product, Signal
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
class StoredArrayObject:
    """One object of a converted array, already in the object store."""

    kind: str
    key: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class ReducedSignal:
    """What recipes made of a converted array.

    Attributes
    ----------
    statistics
        What was measured along the way; it replaces what was known under these names.
    outputs
        All that the recipes could have made: of these, what they did not make is gone.
    recalibrated
        What a change of its axes made; None where they are the same.
    retaken
        Where it was taken for another kind: nothing of what was made for the former stays.
    """

    name: str
    statistics: Mapping[str, Any]
    products: tuple[StoredProduct, ...]
    outputs: frozenset[str] = frozenset()
    recalibrated: "Recalibrated | None" = None
    retaken: "Retaken | None" = None


@dataclass(frozen=True, slots=True)
class Retaken:
    """What the products of another kind need beside them.

    Attributes
    ----------
    of_array
        Digest of what says what the array is that they were made of.
    copy
        Objects of the detector-major copy; none where the kind has none.
    """

    of_array: str
    copy: tuple[StoredArrayObject, ...]


@dataclass(frozen=True, slots=True)
class ReplacedObject:
    """An object that says what an array is, in the place of the one that was read for it."""

    kind: str
    key: str
    former: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Recalibrated:
    """What hangs on the axes of a converted array: objects that name them, and pictures of what is there already."""

    axes: tuple[Mapping[str, Any], ...]
    objects: tuple[ReplacedObject, ...]
    pictures: tuple[StoredProduct, ...]


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
        if result.retaken is not None and not _take_for_another(signal, result.retaken):
            continue
        made = {product.recipe for product in result.products}
        signal.products.filter(Q(recipe__in=made) | Q(output__in=result.outputs)).delete()
        create_products(measurement, signal, result.products)
        signal.statistics = {**signal.statistics, **result.statistics}
        if result.recalibrated is not None:
            _record_calibration(signal, result.recalibrated)
        signal.save(update_fields=["statistics", "calibrated_axes"])
    measurement.calibration = dict(optics)
    measurement.save(update_fields=["calibration"])
    replace_findings(
        deposit=measurement.deposit,
        stage=Finding.Stage.REDUCTION,
        measurement=measurement,
        found=findings,
    )


def create_array_objects(signal: Signal, objects: Sequence[StoredArrayObject]) -> None:
    """Write down the objects of a signal's arrays."""
    ArrayObject.objects.bulk_create(
        ArrayObject(signal=signal, kind=item.kind, key=item.key, size=item.size, sha256=item.sha256)
        for item in objects
    )


def _take_for_another(signal: Signal, retaken: Retaken) -> bool:
    """Drop what was made for the former kind, and put the copy in its place.

    Nothing is done where the array was converted again meanwhile: that went by what was known then, and is looked at
    when it settles.
    """
    primary = signal.objects_stored.filter(kind=ArrayObject.Kind.PRIMARY)
    if not primary.filter(sha256=retaken.of_array).exists():
        return False
    hold_objects(item.sha256 for item in retaken.copy)
    signal.products.filter(is_added=False).delete()
    signal.objects_stored.filter(kind=ArrayObject.Kind.COMPANION).delete()
    create_array_objects(signal, retaken.copy)
    return True


def _record_calibration(signal: Signal, made: Recalibrated) -> None:
    """Put new objects and pictures in the place of the former, and name the axes that they were made with."""
    hold_objects([*(item.sha256 for item in made.objects), *(one.sha256 for one in made.pictures)])
    for item in made.objects:
        rows = signal.objects_stored.filter(kind=item.kind, key=item.key, sha256=item.former)
        if not rows.update(size=item.size, sha256=item.sha256):
            return  # the array was converted again meanwhile, with axes of its own
    for one in made.pictures:
        signal.products.filter(kind=one.kind, output=one.output, is_added=False).update(
            settings=dict(one.settings),
            digest=build_product_digest(signal.name, one),
            parameters={**one.parameters, SOFTWARE: one.software.as_dict()},
            code_version=one.software.code_version,
            size=one.size,
            sha256=one.sha256,
            created_at=timezone.now(),
        )
    signal.calibrated_axes = [dict(axis) for axis in made.axes]


def note_reduction_failure(*, measurement: Measurement, finding: Found) -> None:
    """Say why a draft was not reduced again; its arrays and former products stand."""
    if measurement.frozen_at is None:
        replace_findings(
            deposit=measurement.deposit,
            stage=Finding.Stage.REDUCTION,
            measurement=measurement,
            found=[finding],
        )
