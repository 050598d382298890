"""Results that are collected after they were stored and before a row refers to them: told, not lost."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction

from repository.models import Measurement, Product, Signal, StoredObject
from repository.schema.documents.provenance import Software
from repository.services.collection import collect_objects
from repository.services.measurements import (
    ConvertedSignal,
    record_conversion,
    record_first_pictures,
)
from repository.services.products import ReducedSignal, StoredArrayObject, StoredProduct, record_reduction
from repository.services.stored_objects import ObjectsCollectedError
from tests.factories import make_deposit, make_measurement, store_bytes
from tests.integration.collection.conftest import GRACE, digest_of, is_stored, mark, pass_time, upload
from tests.integration.collection.test_kills import PATIENCE_S, Beside, Held

pytestmark = pytest.mark.django_db(transaction=True)
RESULT = b"a result of a conversion"


def make_opened() -> Measurement:
    deposit = make_deposit()
    return make_measurement(deposit, upload(deposit, "scan.raw", b"frames"), state="opened")


def store_result() -> tuple[str, int]:
    """Store a result so long ago that its grace time is over."""
    stored = store_bytes(RESULT)
    mark()
    pass_time(2 * GRACE)
    return stored


def make_product() -> StoredProduct:
    sha256, size = store_result()
    return StoredProduct(
        recipe="summed_intensity",
        output="summed_intensity",
        kind="preview",
        title="",
        parameters={},
        media_type="image/png",
        size=size,
        sha256=sha256,
        software=Software("test 1"),
    )


def convert(measurement: Measurement, **results: Any) -> None:
    converted = [ConvertedSignal(name="data", statistics={}, **results)]
    record_conversion(measurement=measurement, optics={}, converted=converted, findings=())


def with_array(measurement: Measurement) -> Callable[[], None]:
    sha256, size = store_result()
    item = StoredArrayObject(kind="companion", key="c/0", size=size, sha256=sha256)
    return lambda: convert(measurement, objects=(item,))


def with_product(measurement: Measurement) -> Callable[[], None]:
    product = make_product()
    return lambda: convert(measurement, products=(product,))


def with_new_product(measurement: Measurement) -> Callable[[], None]:
    reduced = [ReducedSignal(name="data", statistics={}, products=(make_product(),))]
    return lambda: record_reduction(measurement=measurement, optics={}, reduced=reduced, findings=())


def with_first_picture(measurement: Measurement) -> Callable[[], None]:
    products = {"data": [make_product()]}
    return lambda: record_first_pictures(measurement=measurement, hints=measurement.hints, products=products)


WRITERS = pytest.mark.parametrize("writer", [with_array, with_product, with_new_product, with_first_picture])


@WRITERS
def test_a_result_that_was_collected_is_not_written_down(writer: Any) -> None:
    measurement = make_opened()
    write = writer(measurement)
    assert collect_objects().count == 1
    assert not is_stored(RESULT)
    with pytest.raises(ObjectsCollectedError), transaction.atomic():
        write()
    assert list_recorded() == set()
    assert Measurement.objects.get(pk=measurement.pk).state == "opened"


@WRITERS
def test_a_result_that_is_being_written_down_is_not_collected(writer: Any) -> None:
    """The row is written and not committed yet: a collection on another connection cannot see it."""
    write = writer(make_opened())
    held = Held()

    def write_down() -> None:
        with transaction.atomic():
            write()
            held.stop()

    writing = Beside(write_down)
    assert held.reached.wait(PATIENCE_S)
    collected = collect_objects().count
    held.go_on.set()
    assert writing.end() is None
    assert collected == 0
    assert list_recorded() == {digest_of(RESULT)}
    assert is_stored(RESULT)
    assert StoredObject.objects.get(pk=digest_of(RESULT)).is_present


def list_recorded() -> set[str]:
    stored = Signal.objects.values_list("objects_stored__sha256", flat=True)
    return ({*stored} | {*Product.objects.values_list("sha256", flat=True)}) - {None}
