"""A spectrum whose channels have no even step, from the file to the client, the array and an export."""

from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

import stemma
from tests.client.conftest import Shell
from tests.unit.readers.test_listed_axes import WAVELENGTHS, data_axis, write

pytestmark = pytest.mark.stack


def test_each_channel_keeps_its_place_to_the_client_and_the_array(
    shell: Shell, client: stemma.Client, live_stack: Any, tmp_path: Path
) -> None:
    folder = tmp_path / "session"
    folder.mkdir()
    write(folder / "glow.hspy", data_axis(WAVELENGTHS))
    done = shell.run_json("deposit", folder, "--new")
    (measurement,) = done["measurements"]
    (signal,) = measurement["signals"]
    assert signal["title"] == "glow"
    axis = signal["axes"][1]
    assert (axis["unit"], axis["scale"], axis["said_by"]) == ("nm", None, None)
    assert axis["positions"] == pytest.approx(list(WAVELENGTHS), rel=1e-12)
    opened = client.open(measurement["id"])["data"]
    np.testing.assert_allclose(opened.axes[1].coordinates, WAVELENGTHS, rtol=1e-12)
    headers = {"Authorization": f"Token {live_stack.credentials.token}"}
    stored = httpx.get(f"{signal['zarr']}/zarr.json", headers=headers).raise_for_status().json()
    assert stored["attributes"]["axes"][1]["positions"] == axis["positions"]
    np.testing.assert_array_equal(opened[1], np.arange(6.0, 12.0))
