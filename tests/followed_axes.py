"""What hangs on the axes of a measurement, as tests compare it: objects, pictures, numbers and coordinates."""

import json
from pathlib import Path
from typing import Any, cast

from api.v1.shapes import MeasurementShape
from ingest.workflows import submit_deposit
from repository.models import ArrayObject, Job, Measurement, Signal
from repository.selectors.deposits import describe_measurement
from repository.services.storage import get_object_store
from stemma.signals import Signal as ClientSignal
from tests.factories import make_deposit, store_file
from tests.reducing import answer, describe, run


def read_file(path: Path) -> Measurement:
    deposit = make_deposit()
    store_file(deposit, path.name, path.read_bytes())
    describe(deposit, diffraction_pixel_size=None)
    submit_deposit(deposit_id=deposit.pk, actor=deposit.owner)
    for kind in ("inspect_deposit", "open_measurement", "convert_measurement"):
        run(kind)
    measurement: Measurement = deposit.measurements.get()
    assert measurement.state == "converted"
    return measurement


def load(sha256: str) -> bytes:
    store = get_object_store()
    return b"".join(store.open_range(sha256, 0, store.size(sha256)))


def answer_again(measurement: Measurement, **answers: Any) -> None:
    answer(measurement.deposit, **{"diffraction_pixel_size": None, **answers})


def settle(measurement: Measurement) -> None:
    """Do what waits for the measurement, until nothing does."""
    while Job.objects.filter(kind="reduce_measurement", state="queued", target=measurement.pk).exists():
        run("reduce_measurement")


def list_objects(measurement: Measurement) -> dict[str, str]:
    rows = ArrayObject.objects.filter(signal__measurement=measurement)
    return {f"{item.kind}/{item.key}": item.sha256 for item in rows}


def list_pictures(measurement: Measurement) -> dict[str, tuple[str, str]]:
    rows = measurement.products.filter(kind="preview", is_added=False)
    return {row.output: (row.sha256, row.digest) for row in rows}


def list_numbers(measurement: Measurement) -> dict[str, tuple[int, str, str]]:
    rows = measurement.products.filter(kind="array", is_added=False)
    return {row.output: (row.pk, row.sha256, row.digest) for row in rows}


def attributes_of(measurement: Measurement, kind: str = "primary") -> dict[str, Any]:
    found: dict[str, Any] = json.loads(load(list_objects(measurement)[f"{kind}/zarr.json"]))["attributes"]
    return found


def shown_axes(measurement: Measurement) -> dict[str, Any]:
    """Return the description that the API gives."""
    fresh = Measurement.objects.get(pk=measurement.pk)
    (signal,) = cast("Any", MeasurementShape(describe_measurement(fresh, ())).data)["signals"]
    return json.loads(json.dumps(signal))  # type: ignore[no-any-return]


def require_agreement(measurement: Measurement) -> dict[str, Any]:
    """Require that zarr.json and API say the same of every axis; return the client's coordinates."""
    api = shown_axes(measurement)
    names = ("name", "size", "unit", "scale", "offset", "calibration")
    plain = [
        {name: axis[name] for name in names if name != "calibration" or axis[name] is not None}
        for axis in api["axes"]
    ]
    assert attributes_of(measurement)["axes"] == plain
    client = ClientSignal(cast("Any", None), api)
    for axis, own in zip(client.axes, Signal.objects.get(measurement=measurement).axes, strict=True):
        assert (axis.in_file or axis).scale == own["scale"]
    return {axis.name: axis.coordinates for axis in client.axes}
