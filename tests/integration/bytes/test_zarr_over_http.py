"""The converted array in the hands of other people's Zarr clients, published and as a draft."""

import json
import subprocess
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import tensorstore
import zarr

from tests.client.conftest import make_shell
from tests.client.experiments import Experiment, write_experiment
from tests.integration.bytes.conftest import Published
from tests.programs import need_program
from tests.ties import tie

SCRIPT = Path(__file__).with_name("zarrita_read.mjs")


@pytest.fixture(scope="session")
def draft(live_stack: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Experiment]:
    """Deposit a scan without publishing it."""
    folder = tmp_path_factory.mktemp("draft")
    experiment = write_experiment(folder / "session", scan_shape=(5, 6))
    shell = make_shell(folder / "home", url=live_stack.url, token=live_stack.credentials.token)
    return shell.run_json("deposit", experiment.folder, "--metadata", experiment.metadata), experiment


def zarr_of(record: dict[str, Any]) -> str:
    return str(record["measurements"][0]["signals"][0]["zarr"]).rstrip("/")


def read_with_zarrita(url: str, token: str | None, y: int, x: int) -> dict[str, Any]:
    node = need_program("node")
    asked = {"url": url, "y": y, "x": x, **({"token": token} if token else {})}
    done = subprocess.run(tie(node, SCRIPT, json.dumps(asked)), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def open_with_tensorstore(url: str, headers: list[str]) -> Any:
    store = {"driver": "http", "base_url": f"{url}/", "headers": headers}
    return tensorstore.open({"driver": "zarr3", "kvstore": store}).result()


def test_zarr_python(published: Published) -> None:
    array = zarr.open_array(published.zarr, mode="r")
    assert array.metadata.to_dict()["dimension_names"] == ("scan_y", "scan_x", "detector_y", "detector_x")
    np.testing.assert_array_equal(array[:], published.patterns)


def test_tensorstore(published: Published) -> None:
    array = open_with_tensorstore(published.zarr, [])
    np.testing.assert_array_equal(array[2:5].read().result(), published.patterns[2:5])


def test_zarrita(published: Published) -> None:
    found = read_with_zarrita(published.zarr, None, 3, 4)
    assert (found["shape"], found["dtype"]) == (list(published.patterns.shape), "float32")
    np.testing.assert_array_equal(np.array(found["pattern"], "f4"), published.patterns[3, 4].ravel())


def test_draft_is_read_with_the_token(live_stack: Any, draft: tuple[dict[str, Any], Experiment]) -> None:
    url, patterns = zarr_of(draft[0]), draft[1].patterns
    token = live_stack.credentials.token
    header = {"Authorization": f"Token {token}"}
    array = zarr.open_array(url, mode="r", storage_options={"headers": header})
    np.testing.assert_array_equal(array[:], patterns)
    other = open_with_tensorstore(url, [f"Authorization: Token {token}"])
    np.testing.assert_array_equal(other.read().result(), patterns)
    found = read_with_zarrita(url, token, 4, 5)
    np.testing.assert_array_equal(np.array(found["pattern"], "f4"), patterns[4, 5].ravel())


def test_draft_does_not_exist_without_the_token(
    draft: tuple[dict[str, Any], Experiment], stranger: httpx.Client
) -> None:
    url = zarr_of(draft[0])
    assert stranger.get(f"{url}/zarr.json").status_code == 404
    with pytest.raises(FileNotFoundError):
        zarr.open_array(url, mode="r")


def test_keys_that_clients_try_are_plainly_absent(published: Published, stranger: httpx.Client) -> None:
    for key in (".zarray", ".zattrs", ".zgroup", "zarr.json/zarr.json", "c/99/99/99/99"):
        answer = stranger.get(f"{published.zarr}/{key}")
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), key
        assert "Retry-After" not in answer.headers


def test_objects_of_a_published_array_are_kept_for_ever(published: Published, stranger: httpx.Client) -> None:
    answer = stranger.get(f"{published.zarr}/zarr.json")
    assert answer.headers["Content-Type"].startswith("application/json")
    assert "immutable" in answer.headers["Cache-Control"]
    assert (
        stranger.get(
            f"{published.zarr}/zarr.json", headers={"If-None-Match": answer.headers["ETag"]}
        ).status_code
        == 304
    )


def test_companion_holds_the_same_scan_detector_major(published: Published) -> None:
    array = zarr.open_array(published.zarr.removesuffix("/zarr") + "/companion", mode="r")
    names = array.metadata.to_dict()["dimension_names"]
    assert names == ("detector_y_binned", "detector_x_binned", "scan_y", "scan_x")
    total = np.asarray(array[:], dtype=np.float64).sum(axis=(0, 1))
    np.testing.assert_allclose(total, published.patterns.sum(axis=(-2, -1), dtype=np.float64), rtol=1e-4)
