"""Rows for tests, made through the services wherever there is one."""

import hashlib
import itertools
import uuid
from typing import Any

from repository.models import DataFile, Deposit, Measurement, MeasurementFile, Signal, User
from repository.services.deposits import create_deposit
from repository.services.storage import work_folder
from repository.services.stored_objects import adopt_object

_counter = itertools.count(1)

DATASET = {
    "title": "MoS2 monolayer at 80 kV",
    "creators": [{"name": "Curie, Marie", "orcid": "0000-0002-1825-0097"}],
    "abstract": "A four-dimensional scan of a monolayer of molybdenum disulfide, made for a test of the repository.",
    "license": "CC-BY-4.0",
}


def make_user(username: str = "", **fields: Any) -> User:
    """Return an account; its password is `password`."""
    name = username or f"person{next(_counter)}"
    return User.objects.create_user(username=name, password="password", **fields)


def make_deposit(owner: User | None = None, **dataset: Any) -> Deposit:
    """Return a draft with a complete description."""
    return create_deposit(owner=owner or make_user(), document={"dataset": {**DATASET, **dataset}})


def store_bytes(content: bytes) -> tuple[str, int]:
    """Return digest and size of bytes that are in the object store now, as a job brings them."""
    sha256 = hashlib.sha256(content).hexdigest()
    draft = work_folder("drafts") / uuid.uuid4().hex
    draft.write_bytes(content)
    return sha256, adopt_object(draft, sha256).size


def store_file(deposit: Deposit, path: str, content: bytes) -> DataFile:
    """Return a stored file of a deposit."""
    sha256, size = store_bytes(content)
    return DataFile.objects.create(
        deposit=deposit, path=path, size=size, sha256=sha256, state=DataFile.State.STORED
    )


def make_measurement(deposit: Deposit, data_file: DataFile, **fields: Any) -> Measurement:
    """Return a measurement whose array is converted."""
    measurement = Measurement.objects.create(
        deposit=deposit,
        primary_file=data_file,
        format="empad",
        **{"state": Measurement.State.CONVERTED, **fields},
    )
    MeasurementFile.objects.create(measurement=measurement, data_file=data_file)
    Signal.objects.create(
        measurement=measurement,
        name="data",
        shape=[4, 4, 128, 128],
        dtype="float32",
        axes=[
            {"name": name, "size": size, "unit": None, "scale": None, "offset": 0.0}
            for name, size in zip(
                ("scan_y", "scan_x", "detector_y", "detector_x"), (4, 4, 128, 128), strict=True
            )
        ],
    )
    return measurement
