"""A wrong answer and a superfluous file are corrected in version 2, by the API of a running Stemma."""

import json
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import zarr

from tests.client.conftest import Shell, accept_warnings
from tests.client.experiments import write_experiment
from tests.integration.waiting import wait_for_deposit
from tests.patience import patient

pytestmark = pytest.mark.stack


def test_a_correction_is_a_new_version(shell: Shell, tmp_path: Path, live_stack: Any) -> None:
    experiment = write_experiment(tmp_path / "scan", scan_shape=(3, 4), title="To be corrected")
    (experiment.folder / "notes.txt").write_text("Wrong aperture noted.\n")
    words: list[str | Path] = ["deposit", experiment.folder, "--metadata", experiment.metadata]
    drafted = shell.run_json(*words)
    record = shell.run_json("publish", drafted["id"], *accept_warnings(drafted))
    (first,) = record["measurements"]
    headers = {"Authorization": f"Token {live_stack.credentials.token}"}
    with httpx.Client(base_url=live_stack.url, headers=headers, timeout=patient(60)) as http:
        address = f"/api/v1/deposits/{record['id']}/"
        assert http.post(f"{address}new-version/").status_code == 200
        assert http.delete(f"{address}files/notes.txt").status_code == 204
        document = json.loads(experiment.metadata.read_text())
        document["measurements"]["*"]["semi_convergence_angle"] = "25 mrad"
        assert http.patch(address, json={"metadata": document}).status_code == 200
        assert http.post(f"{address}submit/").status_code == 202
        second_draft = wait_for_deposit(http, record["id"])
        (second,) = second_draft["measurements"]
        assert (second["state"], second["replaces"]) == ("converted", first["id"])
        shell.run_json("publish", record["id"], *accept_warnings(second_draft))

        versions = [http.get(f"/api/v1/datasets/{record['id']}/versions/{n}/").json() for n in (1, 2)]
    angles = [
        version["measurements"][0]["metadata"]["semi_convergence_angle"]["value"] for version in versions
    ]
    assert angles == [21.4, 25]
    assert [len(version["files"]) for version in versions] == [3, 2]
    assert [version["measurements"][0]["id"] for version in versions] == [first["id"], second["id"]]
    for version in versions:
        array = zarr.open_array(version["measurements"][0]["signals"][0]["zarr"].rstrip("/"), mode="r")
        np.testing.assert_array_equal(array[:], experiment.patterns)
    notes = f"{live_stack.url}/api/v1/datasets/{record['id']}"
    assert httpx.get(f"{notes}/versions/1/files/notes.txt").status_code == 200
    assert httpx.get(f"{notes}/files/notes.txt").status_code == 404
