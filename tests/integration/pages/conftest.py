from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from project import settings as written
from repository.models import Deposit, Measurement
from repository.services.publishing import publish_deposit
from repository.services.validation import validate_deposit
from tests.factories import make_deposit, make_measurement, make_user, store_file
from tests.mail import list_letters, work_off

EXTRACTED: dict[str, Any] = {
    "technique": ["other"],
    "origin": "measured",
    "level": "raw",
    "sample": {"name": "MoS2 on <SiN>"},
    "acceleration_voltage": {"value": 80, "unit": "kV", "source": "header", "basis": "nominal"},
    "semi_convergence_angle": {"missing": "not_recorded"},
}
AXES = [
    {"name": "scan_y", "size": 4, "unit": "nm", "scale": 0.2, "offset": 0.0},
    {"name": "scan_x", "size": 4, "unit": "nm", "scale": 0.2, "offset": 0.0},
    {"name": "detector_y", "size": 128, "unit": "mrad", "scale": 0.5, "offset": 0.0},
    {"name": "detector_x", "size": 128, "unit": "mrad", "scale": 0.5, "offset": 0.0},
]


def add_measurement(deposit: Deposit, path: str, content: bytes = b"frames") -> Measurement:
    """Return a measurement about which nothing is left to ask."""
    measurement = make_measurement(deposit, store_file(deposit, path, content), extracted=EXTRACTED)
    measurement.signals.update(axes=AXES)
    return measurement


def bring_to_ready(deposit: Deposit) -> Deposit:
    """Hand the deposit in and settle its checks, as the jobs do."""
    Deposit.objects.filter(pk=deposit.pk).update(state="processing")
    return validate_deposit(deposit_id=deposit.pk)


@pytest.fixture
def ready_deposit(stemma_home: Any) -> Deposit:
    """Return a deposit that only waits to be published."""
    deposit = make_deposit(make_user("marie", full_name="Marie Curie"))
    add_measurement(deposit, "scan.raw")
    return bring_to_ready(deposit)


@pytest.fixture
def published(ready_deposit: Deposit) -> Deposit:
    """Return a deposit that is published."""
    acknowledged = {row.code for row in ready_deposit.findings.filter(severity="warning")}
    publish_deposit(
        deposit_id=ready_deposit.pk,
        actor=ready_deposit.owner,
        accept_warnings=[{"code": code} for code in acknowledged],
    )
    return ready_deposit


@pytest.fixture
def settled_at_once(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    """Let jobs settle in the transaction of the test, and messages lie in the folder."""
    monkeypatch.setattr("repository.tasks.jobs.close_old_connections", lambda: None)
    settings.MAIL_SERVER = None
    settings.EMAIL_BACKEND = written.EMAIL_BACKEND  # Django's tests keep mail in memory


@pytest.fixture
def mailed(stemma_home: Path) -> Callable[[], Any]:
    """Return what gives the newest letter, once the outbox is worked off."""

    def read() -> Any:
        work_off()
        return list_letters(stemma_home)[-1]

    return read
