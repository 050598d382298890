"""What was missing is said or sent afterwards: the file is read without being uploaded again."""

import shutil
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import zarr

from tests.client.conftest import Shell
from tests.integration.bad_input.conftest import Deposit
from tests.integration.bad_input.damaged_files import COUNTS, EMPAD, SCAN
from tests.integration.waiting import wait_for_deposit
from tests.vendor_files.empad import write_empad
from tests.vendor_files.mib import write_mib


def write_incomplete(folder: Path) -> Path:
    """Write a MIB without hdr and an EMPAD xml without its raw file; return where the raw file waits."""
    folder.mkdir()
    write_mib(folder / "alone.mib", COUNTS.reshape(-1, 64, 64))
    (folder / "pair").mkdir()
    _, raw = write_empad(folder / "pair", EMPAD)
    kept = folder.with_name("kept.raw")
    shutil.move(raw, kept)
    return kept


def read_array(live_stack: Any, measurement: dict[str, Any]) -> Any:
    headers = {"Authorization": f"Token {live_stack.credentials.token}"}
    address = measurement["signals"][0]["zarr"].rstrip("/")
    return zarr.open_array(address, mode="r", storage_options={"headers": headers})[:]


def codes(record: dict[str, Any]) -> set[str]:
    parts = [*record["files"], *record["measurements"]]
    return {finding["code"] for part in parts for finding in part["findings"]}


@pytest.fixture
def incomplete(bad_shell: Shell, tmp_path: Path) -> tuple[Deposit, Path]:
    folder = tmp_path / "session"
    kept = write_incomplete(folder)
    return Deposit(folder, bad_shell.run_json("deposit", folder, "--new")), kept


def test_answers_and_companions_come_later(
    incomplete: tuple[Deposit, Path], bad_shell: Shell, http: httpx.Client, live_stack: Any
) -> None:
    deposit, kept = incomplete
    assert {"scan_shape_missing", "companion_missing"} <= codes(deposit.record)
    address = f"/api/v1/deposits/{deposit.record['id']}/"
    wrong = {"measurements": {"alone.mib": {"scan_shape": [7, 7]}}}
    assert http.patch(address, json={"metadata": wrong}).status_code == 200
    record = wait_for_deposit(http, deposit.record["id"])
    assert "scan_shape_missing" in codes(record) or "scan_shape_mismatch" in codes(record)

    right = {"measurements": {"alone.mib": {"scan_shape": list(SCAN)}}}
    assert http.patch(address, json={"metadata": right}).status_code == 200
    record = wait_for_deposit(http, deposit.record["id"])
    (measurement,) = [item for item in record["measurements"] if item["path"] == "alone.mib"]
    assert measurement["state"] == "converted"
    assert measurement["signals"][0]["shape_origin"] == "depositor"
    assert not {"scan_shape_missing", "scan_shape_mismatch"} & {f["code"] for f in measurement["findings"]}
    np.testing.assert_array_equal(read_array(live_stack, measurement), COUNTS)

    kept.rename(deposit.folder / "pair" / f"scan_x{SCAN[1]}_y{SCAN[0]}.raw")
    again = bad_shell.run_json("deposit", deposit.folder)
    assert again["id"] == deposit.record["id"]
    record = wait_for_deposit(http, again["id"])
    (pair,) = [item for item in record["measurements"] if item["path"] == "pair/scan.xml"]
    assert pair["state"] == "converted"
    assert "companion_missing" not in {finding["code"] for finding in pair["findings"]}
    np.testing.assert_array_equal(read_array(live_stack, pair), EMPAD)
    (kept_id,) = [item["id"] for item in record["measurements"] if item["path"] == "alone.mib"]
    assert kept_id == measurement["id"]  # what was read stays what it is
