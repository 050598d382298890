"""Whole deposits in the states that tests start from, brought there by the services."""

import hashlib
import struct
from typing import Any

import google_crc32c
import numpy as np

from processing.engine.zarr_metadata import build_array_metadata, encode_array_metadata
from repository.models import (
    ArrayObject,
    DatasetVersion,
    Deposit,
    Measurement,
    Product,
    Signal,
    User,
)
from repository.services.publishing import publish_deposit
from repository.services.validation import validate_deposit
from tests.factories import make_deposit, make_measurement, store_bytes, store_file

DESCRIBED: dict[str, Any] = {
    "technique": ["other"],
    "origin": "measured",
    "level": "raw",
    "sample": {"name": "MoS2 on SiN", "elements": ["Mo", "S"]},
    "acceleration_voltage": {"value": 80, "unit": "kV", "source": "header", "basis": "nominal"},
    "semi_convergence_angle": {"missing": "not_recorded"},
}
AXES: list[dict[str, Any]] = [
    {"name": name, "size": size, "unit": unit, "scale": scale, "offset": 0.0}
    for name, size, unit, scale in (
        ("scan_y", 4, "nm", 0.2),
        ("scan_x", 4, "nm", 0.2),
        ("detector_y", 128, "mrad", 0.5),
        ("detector_x", 128, "mrad", 0.5),
    )
]
# An array as converters store it, none of whose chunks is there: 4 x 4 patterns of zeros.
EMPTY_SHARD = b"\xff" * 16 * 16
EMPTY_SHARD += struct.pack("<I", google_crc32c.value(EMPTY_SHARD))
EMPTY_ARRAY = encode_array_metadata(
    build_array_metadata(
        shape=(4, 4, 128, 128),
        dtype=np.dtype("float32"),
        chunk=(1, 1, 128, 128),
        shard=(4, 4, 128, 128),
        dimension_names=tuple(axis["name"] for axis in AXES),
        attributes={},
    )
)


def add_measurement(deposit: Deposit, path: str = "scan.raw", **described: Any) -> Measurement:
    """Return a converted measurement about which nothing is left to ask, with arrays and products."""
    data_file = store_file(deposit, path, f"frames of {path}".encode())
    measurement = make_measurement(deposit, data_file, extracted={**DESCRIBED, **described})
    signal = measurement.signals.get()
    Signal.objects.filter(pk=signal.pk).update(
        axes=AXES, converted_at=deposit.created_at, statistics={"kind": "pattern_scan"}
    )
    _add_array(signal)
    _add_products(measurement, signal)
    return measurement


def _add_array(signal: Signal) -> None:
    for kind, key, content in (
        ("primary", "zarr.json", EMPTY_ARRAY),
        ("primary", "c/0/0/0/0", EMPTY_SHARD),
        ("companion", "zarr.json", b"companion zarr.json"),
    ):
        sha256, size = store_bytes(content)
        ArrayObject.objects.create(signal=signal, kind=kind, key=key, size=size, sha256=sha256)


def _add_products(measurement: Measurement, signal: Signal) -> None:
    for kind, media_type in (("array", "application/x-npy"), ("preview", "image/png")):
        sha256, size = store_bytes(f"a product, {kind}".encode())
        Product.objects.create(
            measurement=measurement,
            signal=signal,
            recipe="mean_diffraction_pattern",
            recipe_version=1,
            output="mean_diffraction_pattern",
            digest=hashlib.sha256(f"{measurement.pk} mean".encode()).hexdigest(),
            kind=kind,
            code_version="test 1",
            media_type=media_type,
            size=size,
            sha256=sha256,
        )


def make_ready(owner: User | None = None, **dataset: Any) -> Deposit:
    """Return a deposit that only waits to be published."""
    deposit = make_deposit(owner, **dataset)
    add_measurement(deposit)
    return settle(deposit)


def settle(deposit: Deposit) -> Deposit:
    """Hand the deposit in and settle its checks, as the jobs do."""
    Deposit.objects.filter(pk=deposit.pk).update(state="processing")
    return validate_deposit(deposit_id=deposit.pk)


def publish(deposit: Deposit) -> DatasetVersion:
    """Publish a deposit, acknowledging whatever was found."""
    warnings = set(deposit.findings.filter(severity="warning").values_list("code", flat=True))
    return publish_deposit(
        deposit_id=deposit.pk,
        actor=deposit.owner,
        accept_warnings=[{"code": code} for code in sorted(warnings)],
    )


def make_published(owner: User | None = None, **dataset: Any) -> DatasetVersion:
    """Return a published version."""
    return publish(make_ready(owner, **dataset))
