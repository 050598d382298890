"""A folder that holds a Zarr store is one file on the deposit's page, goes on after a broken line, and is read."""

from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import PATIENCE, start_deposit
from tests.e2e.test_uploads import break_patches
from tests.vendor_files.zarr import write_zspy

pytestmark = pytest.mark.stack


def test_a_store_of_many_keys_is_one_file_and_one_measurement(depositor: Page, tmp_path: Path) -> None:
    values = np.arange(20 * 30 * 8 * 8, dtype="u2").reshape(20, 30, 8, 8)
    write_zspy(tmp_path / "session" / "scan.zspy", values, chunks=(1, 1, 8, 8))
    (tmp_path / "session" / "notes.txt").write_text("600 keys")
    start_deposit(depositor, "A store")
    promised: list[str] = []
    depositor.on(
        "request",
        lambda request: (
            promised.append(request.url) if request.method == "POST" and "/uploads/" in request.url else None
        ),
    )
    broken = break_patches(depositor, times=1)
    depositor.locator("input[name=folder]").set_input_files(tmp_path / "session")
    expect(depositor.get_by_text("2 of 2 files stored")).to_be_visible()
    assert (len(promised), len(broken)) == (2, 1)
    depositor.get_by_role("button", name="Read the files").click()
    expect(depositor.get_by_text("HyperSpy zspy").first).to_be_visible(timeout=3 * PATIENCE)
    depositor.reload()
    expect(depositor.get_by_role("cell", name="session/scan.zspy.zip", exact=True)).to_be_visible()
