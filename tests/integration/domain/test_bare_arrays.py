"""Arrays that carry no description: what is missing is asked in the table, and an answer reads that file alone."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ingest.tasks  # noqa: F401 - they register their kinds of jobs
import processing.tasks  # noqa: F401
from ingest.workflows import group_deposit, submit_deposit
from processing.workflows import refresh_deposit
from repository.models import Deposit
from repository.services.deposits import update_deposit
from repository.services.grouping import Move
from tests.factories import make_deposit, store_file
from tests.integration.domain.test_grouping import work_off
from tests.reducing import describe

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stemma_home")]
MAPS = np.random.default_rng(4).integers(0, 900, (12, 6, 7)).astype(">u2")


def say(deposit: Deposit, path: str, **array: Any) -> list[str]:
    """Answer for one file, and do what follows."""
    update_deposit(
        deposit_id=deposit.pk, actor=deposit.owner, patch={"measurements": {path: {"array": array}}}
    )
    refresh_deposit(deposit_id=deposit.pk)
    return work_off()


def test_axes_are_asked_and_the_answer_turns_one_array_alone(tmp_path: Path) -> None:
    deposit = make_deposit()
    for name in ("maps.npy", "other.npy"):
        np.save(tmp_path / name, MAPS)
        store_file(deposit, name, (tmp_path / name).read_bytes())
    describe(deposit)
    submit_deposit(deposit_id=deposit.pk, actor=deposit.owner, until="opened")
    work_off()
    one = deposit.measurements.get(primary_file__path="maps.npy")
    cell = one.cells["array.axes"]
    assert (cell["state"], one.signals.get().shape) == ("needed", [12, 6, 7])
    assert "12 × 6 × 7" in cell["problem"]
    assert "scan_y, scan_x, energy" in cell["hint"]
    assert say(deposit, "maps.npy", axes=["energy", "scan_y", "scan_x"]) == ["open_measurement maps.npy"]
    one.refresh_from_db()
    signal = one.signals.get()
    assert [axis["name"] for axis in signal.axes] == ["scan_y", "scan_x", "energy"]
    assert (signal.shape, signal.shape_origin) == ([6, 7, 12], "depositor")
    assert one.cells["array.axes"]["state"] == "value"
    say(deposit, "maps.npy", axes=["scan_y", "scan_x"])
    one.refresh_from_db()
    assert one.cells["array.axes"]["state"] == "not_understood"
    other = deposit.measurements.get(primary_file__path="other.npy")
    assert other.cells["array.axes"]["state"] == "needed"


def test_raw_numbers_become_a_measurement_when_a_person_says_so(tmp_path: Path) -> None:
    deposit = make_deposit()
    store_file(deposit, "scan.bin", bytes(16) + MAPS.tobytes())
    np.save(tmp_path / "image.npy", MAPS[0])
    store_file(deposit, "image.npy", (tmp_path / "image.npy").read_bytes())
    describe(deposit, scan_shape=None)
    submit_deposit(deposit_id=deposit.pk, actor=deposit.owner, until="opened")
    work_off()
    assert list(deposit.measurements.values_list("primary_file__path", flat=True)) == ["image.npy"]
    assert deposit.findings.get(code="raw_data_not_read").severity == "info"
    group_deposit(deposit_id=deposit.pk, actor=deposit.owner, moves=[Move("own", ("scan.bin",), "")])
    work_off()
    raw = deposit.measurements.get(primary_file__path="scan.bin")
    assert (raw.state, raw.cells["array.shape"]["state"]) == ("failed", "needed")
    assert not deposit.findings.filter(code="raw_data_not_read").exists()
    say(deposit, "scan.bin", shape="12 × 6 × 7", byte_order="big", offset=16)
    raw.refresh_from_db()
    assert raw.cells["array.dtype"]["state"] == "needed"
    say(deposit, "scan.bin", dtype="uint32")
    raw.refresh_from_db()
    assert raw.cells["array.shape"]["state"] == "not_understood"
    say(deposit, "scan.bin", dtype="uint16", axes=["time", "y", "x"])
    raw.refresh_from_db()
    assert (raw.state, raw.signals.get().shape, raw.signals.get().dtype) == ("opened", [12, 6, 7], "uint16")
    assert raw.header["raw"]["offset"] == 16
    submit_deposit(deposit_id=deposit.pk, actor=deposit.owner)
    work_off()
    raw.refresh_from_db()
    assert raw.state == "converted"
    total = raw.signals.get().statistics
    assert total["maximum"] == int(MAPS.max())
