"""A folder that holds a Zarr store goes up as one file, is one measurement, and comes back value by value."""

from pathlib import Path

import numpy as np
import zarr
from numpy.random import default_rng

from tests.client.conftest import Shell
from tests.vendor_files.zarr import write_zspy


def test_stores_of_a_session_are_one_measurement_each(shell: Shell, tmp_path: Path) -> None:
    session = tmp_path / "session"
    values = default_rng(3).integers(0, 900, (6, 5, 16, 16)).astype("u2")
    write_zspy(session / "scan.zspy", values, chunks=(1, 1, 16, 16))
    plain = zarr.create_array(
        session / "deeper" / "cube",
        shape=values.shape, dtype="u2", chunks=(1, 2, 8, 16), shards=(2, 4, 16, 16),
        dimension_names=("scan_y", "scan_x", "ky", "kx"),
    )  # fmt: skip
    plain[...] = values
    record = shell.run_json("deposit", session, "--title", "Two stores")
    assert [file["path"] for file in record["files"]] == ["deeper/cube.zarr.zip", "scan.zspy.zip"]
    measurements = {one["format"]: one for one in record["measurements"]}
    assert set(measurements) == {"zspy", "zarr_store"}
    for measurement in measurements.values():
        (signal,) = measurement["signals"]
        assert [axis["name"] for axis in signal["axes"]] == ["scan_y", "scan_x", "detector_y", "detector_x"]
        headers = {"Authorization": f"Token {shell.environment['STEMMA_TOKEN']}"}
        stored = zarr.open_array(
            signal["zarr"], mode="r", storage_options={"client_kwargs": {"headers": headers}}
        )
        np.testing.assert_array_equal(stored[...], values)
    again = shell.run_json("deposit", session, "--title", "Two stores")
    assert again["id"] == record["id"]
