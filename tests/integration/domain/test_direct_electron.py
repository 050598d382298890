"""Deposits of Direct Electron's cameras, whole: what belongs together, what is asked, and what comes later."""

from pathlib import Path

import numpy as np
import pytest
from numpy.random import default_rng

import ingest.tasks  # noqa: F401 - they register their kinds of jobs
import processing.tasks  # noqa: F401
from ingest.workflows import submit_deposit
from processing.workflows import refresh_deposit
from repository.services.deposits import update_deposit
from tests.factories import make_deposit, store_file
from tests.integration.domain.test_grouping import work_off
from tests.reducing import describe
from tests.vendor_files.mrc import write_mrc
from tests.vendor_files.seq import write_config, write_halves, write_reference

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stemma_home")]
FRAMES = default_rng(4).integers(0, 900, (12, 8, 10)).astype(np.uint16)


def test_halves_wait_for_their_settings_and_become_one_scan(tmp_path: Path) -> None:
    deposit = make_deposit()
    dark = write_reference(tmp_path / "scan.seq.dark.mrc", np.full((8, 10), 7, np.float32))
    config = write_config(tmp_path / "scan.seq.Config.Metadata.xml", (8, 10), HT=200, SegmentPreBuffer=3)
    halves = write_halves(tmp_path, FRAMES, per_image=3)
    for path in halves:
        store_file(deposit, path.name, path.read_bytes())
    describe(deposit, scan_shape=None)
    submit_deposit(deposit_id=deposit.pk, actor=deposit.owner, until="opened")
    work_off()
    measurement = deposit.measurements.get()
    assert measurement.state == "failed"
    assert "seq_frame_height_unknown" in measurement.findings.values_list("code", flat=True)
    for path in (config, dark):
        store_file(deposit, path.name, path.read_bytes())
    submit_deposit(deposit_id=deposit.pk, actor=deposit.owner, until="opened")
    work_off()
    measurement = deposit.measurements.get()
    assert (measurement.state, measurement.parts.count()) == ("opened", 4)
    assert measurement.cells["scan_shape"]["state"] == "needed"
    assert measurement.extracted["acceleration_voltage"]["value"] == 200
    update_deposit(
        deposit_id=deposit.pk,
        actor=deposit.owner,
        patch={"measurements": {measurement.primary_file.path: {"scan_shape": [3, 4]}}},
    )
    refresh_deposit(deposit_id=deposit.pk)
    work_off()
    submit_deposit(deposit_id=deposit.pk, actor=deposit.owner)
    work_off()
    measurement.refresh_from_db()
    assert measurement.state == "converted"
    signals = {one.name: one for one in measurement.signals.all()}
    assert set(signals) == {"data", "dark_reference", "frame_time"}
    assert signals["data"].shape == [3, 4, 8, 10]
    assert signals["data"].statistics["maximum"] == int(FRAMES.max())
    assert signals["frame_time"].shape == [3, 4]


def test_movie_and_what_its_server_saved_are_one_measurement(tmp_path: Path) -> None:
    deposit = make_deposit()
    paths = [
        write_mrc(tmp_path / "20241021_5_movie.mrc", FRAMES),
        write_mrc(tmp_path / "20241021_5_0_Virt 0_sum.mrc", np.arange(12, dtype=np.float32).reshape(1, 3, 4)),
    ]
    info = tmp_path / "20241021_5_info.txt"
    info.write_text(
        "Server Software Version = 2.7\nTimestamp (seconds since Epoch) = 1729539410\nScan - Enable = Enable\n"
        "Scan - Size X = 4\nScan - Size Y = 3\n"
    )
    for path in (*paths, info):
        store_file(deposit, path.name, path.read_bytes())
    describe(deposit, scan_shape=None)
    submit_deposit(deposit_id=deposit.pk, actor=deposit.owner, until="opened")
    work_off()
    measurement = deposit.measurements.get()
    assert (measurement.state, measurement.primary_file.path) == ("opened", "20241021_5_movie.mrc")
    signals = {one.name: one.shape for one in measurement.signals.all()}
    assert signals == {"data": [3, 4, 8, 10], "virt_0_sum": [3, 4]}
