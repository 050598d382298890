"""The whole way of an experiment with its bytes in a bucket: no object lies in the folder of the server."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr

from repository.integrations.s3_object_store import S3Bucket
from tests.client.experiments import write_experiment
from tests.patience import patient
from tests.ties import tie
from tests.whole_stack import RunningStack, running_stack

COMMAND = Path(sys.executable).with_name("stemma")


def run_stemma(stack: RunningStack, folder: Path, *words: str | Path) -> dict[str, Any]:
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "STEMMA_URL": stack.url,
        "STEMMA_TOKEN": stack.credentials.token,
    }
    done = subprocess.run(
        tie(COMMAND, *words, "--json"),
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=patient(240),
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    printed: dict[str, Any] = json.loads(done.stdout)
    return printed


@pytest.mark.long
@pytest.mark.timeout(600)
def test_an_experiment_is_deposited_published_and_read_from_a_bucket(
    s3_bucket: S3Bucket, tmp_path: Path
) -> None:
    variables = {
        "S3_BUCKET": s3_bucket.bucket,
        "S3_ENDPOINT_URL": s3_bucket.endpoint_url or "",
        "S3_ACCESS_KEY_ID": s3_bucket.access_key_id,
        "S3_SECRET_ACCESS_KEY": s3_bucket.secret_access_key,
    }
    experiment = write_experiment(tmp_path / "session")
    with running_stack(tmp_path / "home", env=variables) as stack:
        deposit = run_stemma(stack, tmp_path, "deposit", experiment.folder, "--metadata", experiment.metadata)
        places = [deposit, *deposit["files"], *deposit["measurements"]]
        warnings = {
            finding["code"]
            for place in places
            for finding in place["findings"]
            if finding["severity"] == "warning"
        }
        accept = [word for code in sorted(warnings) for word in ("--accept-warnings", f"{code}:seen")]
        published = run_stemma(stack, tmp_path, "publish", deposit["id"], *accept)
        assert published["state"] == "published"
        array = zarr.open_array(published["measurements"][0]["signals"][0]["zarr"], mode="r")
        np.testing.assert_array_equal(np.asarray(array[:]), experiment.patterns)
        raw = next(path for path in experiment.folder.iterdir() if path.suffix == ".raw")
        run_stemma(stack, tmp_path, "get", deposit["id"], tmp_path / "fetched")
        fetched = next((tmp_path / "fetched").rglob(raw.name))
        assert fetched.read_bytes() == raw.read_bytes()
        assert not [path for path in (stack.home.root / "objects").rglob("*") if path.is_file()]
        assert list((stack.home.root / "cache" / "objects" / "sha256").glob("*/*"))
