"""A master and its data files through the whole ingest: a part that comes late, a link out of it, dead pixels."""

import json
from pathlib import Path

import h5py
import numpy as np
import pytest

import ingest.tasks  # noqa: F401 - they register their kinds of jobs
import processing.tasks  # noqa: F401
from ingest.workflows import submit_deposit
from repository.models import Deposit, Measurement
from tests.factories import make_deposit, store_file
from tests.followed_axes import list_numbers
from tests.integration.domain.test_grouping import work_off
from tests.reducing import describe
from tests.synthetic import make_pattern_scan
from tests.vendor_files.dectris import write_scan

pytestmark = pytest.mark.django_db
LATE = "scan_data_000003.h5"


def hand_in(deposit: Deposit, until: str = "converted") -> None:
    describe(deposit, scan_shape=None, scan_step=None)
    submit_deposit(deposit_id=deposit.pk, actor=deposit.owner, until=until)
    work_off()


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    """Return an acquisition of 6 × 7 patterns in three data files, with a dead column and one hot pixel masked."""
    mask = np.zeros((48, 48), np.uint32)
    mask[:, 30], mask[7, 7] = 1, 8
    patterns = make_pattern_scan().data.astype(np.uint32)
    patterns[:, :, mask > 0] = 2**32 - 1
    return write_scan(tmp_path, patterns, per_file=16, mask=mask)


def test_scan_is_read_once_its_last_file_is_there(files: dict[str, Path]) -> None:
    deposit = make_deposit()
    for name, path in files.items():
        if name != LATE:
            store_file(deposit, name, path.read_bytes())
    hand_in(deposit, "opened")
    one: Measurement = deposit.measurements.get()
    assert one.state == "failed"
    missing = deposit.findings.filter(code="companion_missing")
    assert {LATE in finding.message for finding in missing} == {True}
    store_file(deposit, LATE, files[LATE].read_bytes())
    hand_in(deposit)
    one = deposit.measurements.get()
    assert (one.state, one.format, one.files.count()) == ("converted", "dectris", 5)
    assert not deposit.findings.filter(severity="error", code="companion_missing").exists()
    shapes = {signal.name: signal.shape for signal in one.signals.all()}
    assert shapes == {"data": [6, 7, 48, 48], "pixel_mask": [48, 48]}
    assert one.signals.get(name="data").statistics["kind"] == "pattern_scan"
    assert deposit.findings.filter(code="pixels_named_dead").exists()
    assert "outlier_mask" in list_numbers(one)


def test_master_that_links_out_of_the_deposit_fails_alone(files: dict[str, Path], tmp_path: Path) -> None:
    deposit = make_deposit()
    with h5py.File(files["scan_master.h5"], "r+") as file:
        del file["entry/data/data_000003"]
        file["entry/data/data_000003"] = h5py.ExternalLink("/etc/passwd", "/entry/data/data")
    for name, path in files.items():
        store_file(deposit, name, path.read_bytes())
    np.save(tmp_path / "other.npy", np.zeros((4, 5)))
    store_file(deposit, "other.npy", (tmp_path / "other.npy").read_bytes())
    hand_in(deposit, "opened")
    states = dict(deposit.measurements.values_list("primary_file__path", "state"))
    assert states["scan_master.h5"] == "failed"
    assert states["other.npy"] != "failed"
    said = json.dumps([finding.message for finding in deposit.findings.filter(code="path_inside_file")])
    assert "scan_master.h5" in said
    assert "passwd" not in said
