"""From a measurement's id to what its exports are written from, after the permission check."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from repository.errors import NotFoundError
from repository.exports.subjects import ArrayPart, ExportedMeasurement, ExportedProduct, ExportedSignal
from repository.models import ArrayObject, Measurement
from repository.models.revision import read_description
from repository.schema.documents.calibrated_axes import calibrate_signals
from repository.schema.documents.provenance import SOFTWARE
from repository.schema.quantities.signals import SignalShape
from repository.selectors import addresses
from repository.selectors.access import MeasurementAccess, get_measurement
from repository.selectors.byte_objects import ArrayNotReadyError
from repository.selectors.citation import build_citation_record
from repository.selectors.products import describe_products, list_inputs, read_software
from repository.selectors.visibility import Visitor


@dataclass(frozen=True, slots=True)
class ExportSubject:
    """A published measurement that may be exported, and how the visitor was let in to it."""

    measurement: ExportedMeasurement
    access: MeasurementAccess


def get_export_subject(
    visitor: Visitor, measurement_id: str, *, for_bytes: bool, with_parts: bool, revision: int | None = None
) -> ExportSubject:
    """Return a measurement as it was published, with the stored parts of its arrays where they are read.

    Parameters
    ----------
    revision
        In which its version says what it says; the newest without it. The arrays are those of the version.

    Raises
    ------
    NotFoundError
        It does not exist for this visitor, or is not published yet, or its version has no such revision.
    EmbargoedError, WithdrawnError
        It is asked for bytes, which are not given out.
    ArrayNotReadyError
        Its arrays are still being converted.
    """
    access = get_measurement(visitor, measurement_id, for_bytes=for_bytes)
    version = access.version
    if version is None:
        raise NotFoundError(
            f"The measurement {measurement_id} is not published yet.",
            hint="Exports are made of what is published; publish its deposit first.",
        )
    description = read_description(version, revision)
    published = description.get_entry(measurement_id)
    measurement = ExportedMeasurement(
        record=build_citation_record(visitor, description),
        id=measurement_id,
        format=published["format"],
        metadata=published["metadata"],
        signals=tuple(list_signals(access.measurement, published["signals"], with_parts=with_parts)),
        files=list_inputs(access.measurement),
        products=tuple(_list_products(access.measurement)),
    )
    return ExportSubject(measurement, access)


def list_signals(
    measurement: Measurement, published: Sequence[Mapping[str, Any]], *, with_parts: bool
) -> Iterator[ExportedSignal]:
    """Yield the arrays of a published measurement, with their axes as its record has them."""
    parts = _collect_parts(measurement) if with_parts else {}
    # What was published before axes followed the record holds those of the file.
    shapes = calibrate_signals(
        [SignalShape.from_dict(signal) for signal in published], measurement.present_document
    )
    element = dict(measurement.signals.values_list("name", "n_signal_axes"))
    for signal, shape in zip(published, shapes, strict=True):
        yield ExportedSignal(
            name=signal["name"],
            shape=tuple(signal["shape"]),
            dtype=signal["dtype"],
            axes=tuple(axis.as_dict() for axis in shape.axes),
            zarr=addresses.zarr_root(measurement.pk, signal["name"]),
            parts=tuple(parts.get(signal["name"], ())),
            software=read_software(signal["statistics"]) if SOFTWARE in signal["statistics"] else None,
            n_signal_axes=element.get(signal["name"], shape.count_signal_axes()),
        )


def _list_products(measurement: Measurement) -> Iterator[ExportedProduct]:
    for product in describe_products(measurement):
        yield ExportedProduct(
            title=product.title or product.output.replace("_", " ").capitalize(),
            recipe=product.recipe,
            recipe_version=product.recipe_version,
            settings=product.settings,
            signal=product.signal,
            media_type=product.media_type,
            sha256=product.sha256,
            address=product.lasting_url,
            made_at=product.made_at,
            software=product.software,
            inputs=product.inputs,
        )


def _collect_parts(measurement: Measurement) -> dict[str, list[ArrayPart]]:
    """Return the objects of every array by the name of its signal."""
    unconverted = measurement.signals.filter(converted_at=None).first()
    if unconverted is not None:
        raise ArrayNotReadyError(
            f"The signal {unconverted.name} of {measurement.pk} is still being converted."
        )
    collected: dict[str, list[ArrayPart]] = {}
    objects = ArrayObject.objects.filter(
        signal__measurement=measurement, kind=ArrayObject.Kind.PRIMARY
    ).order_by("signal__ordinal", "key")
    for name, key, size, sha256 in objects.values_list("signal__name", "key", "size", "sha256"):
        collected.setdefault(name, []).append(ArrayPart(key, size, sha256))
    return collected


def locate_export_product(measurement: Measurement, output: str, media_type: str) -> str:
    """Return the lasting address of the product that is an export, without the server's name.

    Raises
    ------
    NotFoundError
        No job has made it yet.
    """
    products = measurement.products.filter(output=output, kind="array", media_type=media_type)
    product = products.order_by("is_added", "id").first()
    if product is None:
        raise NotFoundError(
            f"The product {output} of the measurement {measurement.pk} has not been made.",
            hint="Its owners ask for it with POST …/reductions/; /docs/recipes says what is made when.",
        )
    return addresses.product_address(measurement.pk, product.digest, product.kind)
