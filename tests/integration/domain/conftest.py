from pathlib import Path

import numpy as np
import pytest

import ingest.tasks  # noqa: F401 - registers its kinds of jobs
import processing.tasks  # noqa: F401
from ingest.workflows import submit_deposit
from repository.models import Measurement
from tests.factories import make_deposit, store_file
from tests.reducing import describe, run
from tests.vendor_files.empad import write_empad


@pytest.fixture
def converted(tmp_path: Path) -> Measurement:
    """Return a measurement of a real file, converted without any angle."""
    counts = np.random.default_rng(2).poisson(3.0, (6, 7, 128, 128)).astype(np.float32)
    deposit = make_deposit()
    for path in write_empad(tmp_path, counts):
        store_file(deposit, path.name, path.read_bytes())
    describe(deposit)
    submit_deposit(deposit_id=deposit.pk, actor=deposit.owner)
    for kind in ("inspect_deposit", "open_measurement", "convert_measurement"):
        run(kind)
    measurement: Measurement = deposit.measurements.get()
    assert measurement.state == "converted"
    return measurement
