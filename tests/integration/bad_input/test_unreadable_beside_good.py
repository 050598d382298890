"""A file that is not read stands in nobody's way: published unread where it is sound, taken out where it is not."""

from pathlib import Path
from typing import Any

import h5py
import httpx
import numpy as np

from tests.client.conftest import Shell, accept_warnings
from tests.client.experiments import write_experiment


def write_picture(path: Path) -> bytes:
    """Write a HyperSpy file that holds a color picture, as a depositor's figure does."""
    color = np.dtype([(name, np.uint8) for name in "RGBA"])
    with h5py.File(path, "w") as file:
        file.attrs.update({"file_format": "HyperSpy", "file_format_version": "3.1"})
        group = file.create_group("Experiments/Figure")
        group.create_dataset("data", data=np.zeros((4, 4), dtype=color))
        for number in range(2):
            group.create_group(f"axis-{number}").attrs.update({"size": 4, "scale": 1.0, "offset": 0.0})
        group.create_group("metadata/General").attrs["title"] = "Figure"
    return path.read_bytes()


def test_picture_is_published_unread(
    bad_shell: Shell, tmp_path: Path, http: httpx.Client, live_stack: Any
) -> None:
    experiment = write_experiment(tmp_path / "session", scan_shape=(3, 4), title="With a figure")
    picture = write_picture(experiment.folder / "figure.hspy")
    drafted = bad_shell.run_json("deposit", experiment.folder, "--metadata", experiment.metadata)
    (declined,) = [item for item in drafted["measurements"] if item["path"] == "figure.hspy"]
    assert declined["state"] == "failed"
    (finding,) = declined["findings"]
    assert (finding["severity"], finding["code"]) == ("warning", "dataset_not_numeric")
    assert "stored, not read" in finding["hint"]

    published = bad_shell.run_json("publish", drafted["id"], *accept_warnings(drafted))
    assert published["state"] == "published"
    dataset = httpx.get(f"{live_stack.url}/api/v1/datasets/{published['id']}/").json()
    assert [len(item["files"]) for item in dataset["measurements"]] == [2]
    assert {file["path"] for file in dataset["files"]} >= {"figure.hspy", "scan.xml"}
    assert "dataset_not_numeric" in {found["code"] for found in dataset["findings"]}
    (address,) = [file["url"] for file in dataset["files"] if file["path"] == "figure.hspy"]
    assert httpx.get(address).content == picture
    page = httpx.get(f"{live_stack.url}/datasets/{published['id']}").text
    assert "holds no numbers" in page or "no numbers" in page


def test_damaged_file_is_taken_out_and_the_rest_published(
    bad_shell: Shell, tmp_path: Path, http: httpx.Client
) -> None:
    experiment = write_experiment(tmp_path / "session", scan_shape=(3, 4), title="Without the broken one")
    whole = write_picture(experiment.folder / "broken.hspy")
    (experiment.folder / "broken.hspy").write_bytes(whole[: len(whole) // 2])
    drafted = bad_shell.run_json("deposit", experiment.folder, "--metadata", experiment.metadata)
    assert drafted["state"] == "needs_attention"
    refused = bad_shell.run_json("publish", drafted["id"], *accept_warnings(drafted), code=3)
    assert "file_truncated" in {
        found["code"] for item in refused["measurements"] for found in item["findings"]
    }
    mended = bad_shell.run_json("remove", drafted["id"], "broken.hspy")
    assert "broken.hspy" not in {file["path"] for file in mended["files"]}
    published = bad_shell.run_json("publish", drafted["id"], *accept_warnings(mended))
    assert published["state"] == "published"
