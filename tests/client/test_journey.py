"""From files to a citation and back: deposit, publish, find, read, download."""

import hashlib
import html
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import zarr

import stemma
from tests.client.conftest import Shell, accept_warnings
from tests.client.experiments import Experiment, write_experiment
from tests.patience import patient
from tests.ties import tie

Published = tuple[dict[str, Any], Experiment]


def test_published_object_says_what_was_read(published: Published) -> None:
    record, experiment = published
    assert record["state"] == "published"
    assert record["doi"].startswith("10.5072/")
    assert {file["path"] for file in record["files"]} == {path.name for path in experiment.folder.iterdir()}
    for file in record["files"]:
        content = (experiment.folder / file["path"]).read_bytes()
        assert (file["size"], file["sha256"]) == (len(content), hashlib.sha256(content).hexdigest())
    (measurement,) = record["measurements"]
    assert (measurement["format"], measurement["techniques"]) == ("empad", ["four_d_stem"])
    (signal,) = measurement["signals"]
    assert (signal["name"], tuple(signal["shape"])) == ("data", experiment.patterns.shape)
    assert [axis["name"] for axis in signal["axes"]] == ["scan_y", "scan_x", "detector_y", "detector_x"]


def test_plain_zarr_reads_what_was_written(published: Published) -> None:
    record, experiment = published
    address = record["measurements"][0]["signals"][0]["zarr"]
    array = zarr.open_array(address, mode="r")
    np.testing.assert_array_equal(array[...], experiment.patterns)
    description = json.loads(httpx.get(f"{address}/zarr.json").text)
    assert (description["zarr_format"], description["node_type"]) == (3, "array")
    assert description["dimension_names"] == ["scan_y", "scan_x", "detector_y", "detector_x"]


def test_client_reads_what_was_written(published: Published, client: stemma.Client) -> None:
    record, experiment = published
    for reference in (record["id"], record["doi"], record["url"]):
        assert client.open(reference).id == record["id"]
    dataset = client.open(record["id"])
    assert isinstance(dataset, stemma.Dataset)
    assert dataset.license == "CC-BY-4.0"
    assert "Curie" in dataset.citation
    measurement = dataset.measurements[0]
    signal = measurement["data"]
    assert (signal.ndim, signal.shape, signal.dtype) == (4, experiment.patterns.shape, np.dtype("float32"))
    keys: list[Any] = [
        (0, 0),
        (-1, slice(None, None, -2)),
        (..., 64, 64),
        (slice(1, 4), 2, slice(0, 128, 16)),
        ([0, 3, 5], [1, 1, 4]),
        ([2, -1], 3, slice(60, 68)),
    ]
    for key in keys:
        np.testing.assert_array_equal(signal[key], experiment.patterns[key])
    labelled = signal.to_xarray()
    np.testing.assert_array_equal(labelled.isel(scan_y=3, scan_x=1).values, experiment.patterns[3, 1])
    assert labelled.coords["scan_x"].attrs["units"] == "nm"
    assert client.open(measurement.id)["data"].shape == signal.shape
    voltage = measurement.metadata["acceleration_voltage"]
    assert (voltage["value"], voltage["unit"]) == (80, "kV")


def test_strangers_read_what_is_published(published: Published, live_stack: Any) -> None:
    record, experiment = published
    # Stemma's own login must not help: an empty token means none.
    answer = httpx.get(record["measurements"][0]["signals"][0]["zarr"] + "/zarr.json")
    assert answer.status_code == 200
    with stemma.connect(live_stack.url, transport=httpx.HTTPTransport()) as stranger:
        assert stranger.connection.token is None
        pattern = stranger.open(record["id"]).measurements[0]["data"][2, 2]
    np.testing.assert_array_equal(pattern, experiment.patterns[2, 2])


def test_search_finds_by_quantity_and_word(published: Published, client: stemma.Client, shell: Shell) -> None:
    record, _ = published
    found = shell.run_json("search", "monolayer", "--where", "voltage=60..100 kV", "--where", "format=empad")
    assert record["id"] in [result["id"] for result in found["results"]]
    assert record["id"] in [result.id for result in client.search(where={"step": (40, 60, "pm")})]
    assert record["id"] in [result.id for result in client.search(where="voltage=80 kV", elements=["Mo"])]
    assert record["id"] not in [result.id for result in client.search(where="voltage>=200 kV")]
    hit = next(result for result in client.search("MoS2") if result.id == record["id"])
    assert hit.measurements == (record["measurements"][0]["id"],)
    assert hit.open().doi == record["doi"]
    done = shell.run("search", "--where", "voltage=80 furlong", "--json")
    assert done.returncode == 2, done.stderr
    assert json.loads(done.stdout)["detail"]


def test_get_brings_back_the_same_bytes(published: Published, shell: Shell, tmp_path: Path) -> None:
    record, experiment = published
    shell.run_json("get", record["doi"], tmp_path / "out")
    for path in experiment.folder.iterdir():
        assert (tmp_path / "out" / path.name).read_bytes() == path.read_bytes()
    raw = next((tmp_path / "out").glob("*.raw"))
    content = raw.read_bytes()
    sha256 = hashlib.sha256(content).hexdigest()
    raw.unlink()
    raw.with_name(f"{raw.name}.{sha256[:12]}.part").write_bytes(content[:100_000])
    shell.run_json("get", record["id"], tmp_path / "out")
    assert raw.read_bytes() == content
    raw.write_bytes(b"mine")
    shell.run_json("get", record["id"], tmp_path / "out", code=2)
    assert raw.read_bytes() == b"mine"


def test_draft_is_readable_with_the_token_only(shell: Shell, client: stemma.Client, tmp_path: Path) -> None:
    experiment = write_experiment(tmp_path / "draft", scan_shape=(3, 4))
    record = shell.run_json("deposit", experiment.folder)
    assert record["state"] in {"ready", "needs_attention"}
    deposit = client.open(record["id"])
    assert isinstance(deposit, stemma.Deposit)
    np.testing.assert_array_equal(deposit.measurements[0]["data"][1], experiment.patterns[1])
    address = record["measurements"][0]["signals"][0]["zarr"]
    token = {"Authorization": f"Token {shell.environment['STEMMA_TOKEN']}"}
    array = zarr.open_array(address, mode="r", storage_options={"headers": token})
    np.testing.assert_array_equal(array[2, 3], experiment.patterns[2, 3])
    assert httpx.get(f"{address}/zarr.json").status_code == 404


def test_same_command_goes_on_and_answers_what_was_missing(shell: Shell, tmp_path: Path) -> None:
    experiment = write_experiment(tmp_path / "twice", scan_shape=(3, 3), title="In two steps")
    first = shell.run_json("deposit", experiment.folder, "--publish", code=3)
    errors = [f for m in first["measurements"] for f in m["findings"] if f["severity"] == "error"]
    assert errors
    assert all(finding["code"] and finding["message"] for finding in errors)
    second = shell.run_json("deposit", experiment.folder, "--metadata", experiment.metadata)
    assert second["id"] == first["id"]
    assert not [f for m in second["measurements"] for f in m["findings"] if f["severity"] == "error"]
    described: list[str | Path] = ["--metadata", experiment.metadata, "--publish", *accept_warnings(second)]
    third = shell.run_json("deposit", experiment.folder, *described)
    assert (third["id"], third["state"]) == (first["id"], "published")
    fourth = shell.run_json("deposit", experiment.folder, "--no-wait")
    assert fourth["id"] != first["id"]  # what is finished is not gone on with


def test_changed_file_replaces_the_stored_one(shell: Shell, tmp_path: Path) -> None:
    folder = tmp_path / "changed"
    folder.mkdir()
    (folder / "notes.txt").write_text("thin")
    first = shell.run_json("deposit", folder)
    assert first["files"][0]["state"] == "stored"
    (folder / "notes.txt").write_text("thick at the right")
    (folder / "more.txt").write_text("more")
    second = shell.run_json("deposit", folder)
    assert second["id"] == first["id"]
    digests = {file["path"]: file["sha256"] for file in second["files"]}
    assert digests == {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


def test_validate_keeps_nothing(shell: Shell, tmp_path: Path) -> None:
    experiment = write_experiment(tmp_path / "check", scan_shape=(3, 3))
    before = shell.run_json("status")["count"]
    refused = shell.run_json("validate", experiment.folder, code=3)
    assert refused["measurements"][0]["format"] == "empad"
    assert shell.run_json("status")["count"] == before


@pytest.mark.parametrize("technique", ["four_d_stem", "eels"])
def test_template_can_be_handed_in_as_it_is(shell: Shell, tmp_path: Path, technique: str) -> None:
    template = shell.run("template", technique)
    assert template.returncode == 0
    (tmp_path / "template.yaml").write_text(template.stdout)
    (tmp_path / "a.txt").write_text("no measurement")
    record = shell.run_json("deposit", tmp_path / "a.txt", "--metadata", tmp_path / "template.yaml")
    assert record["files"][0]["state"] == "stored"


def test_text_is_for_people(published: Published, shell: Shell) -> None:
    record, _ = published
    done = shell.run("status", record["doi"])
    assert done.returncode == 0, done.stderr
    assert "MoS2 by four-dimensional STEM" in done.stdout
    assert "6 × 5 × 128 × 128 float32" in done.stdout
    assert f"Next: stemma get {record['id']}" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["status", "zzzz-zzzz"], 2),
        (["open", "not an id"], 2),
        (["get", "zzzz-zzzz"], 2),
        (["publish", "zzzz-zzzz"], 2),
        (["deposit", "/no/such/file"], 2),
        (["template", "astrology"], 2),
    ],
)
def test_failures_print_one_object(shell: Shell, arguments: list[str], code: int) -> None:
    problem = shell.run_json(*arguments, code=code)
    assert problem["code"]
    assert problem["detail"]


def test_wrong_token_is_a_refusal_with_a_hint(shell: Shell) -> None:
    shell.environment["STEMMA_TOKEN"] = "0" * 64
    problem = shell.run_json("status", code=4)
    assert problem["status"] == 401
    assert problem["hint"]


def test_login_is_remembered(shell: Shell) -> None:
    token = shell.environment.pop("STEMMA_TOKEN")
    url = shell.environment.pop("STEMMA_URL")
    account = shell.run_json("login", "--url", url, "--token", token)
    assert account["username"]
    assert token not in json.dumps(account)
    assert "count" in shell.run_json("status")


def test_strangers_open_a_public_measurement_by_its_id(published: Published, live_stack: Any) -> None:
    record, experiment = published
    (measurement,) = record["measurements"]
    with stemma.connect(live_stack.url, transport=httpx.HTTPTransport()) as stranger:
        assert stranger.connection.token is None
        opened = stranger.open(measurement["id"])
        assert opened["data"].shape == experiment.patterns.shape
        # What is nobody's to see still asks for a token.
        with pytest.raises(stemma.RefusedError) as caught:
            stranger.open("0000-0000")
    assert caught.value.status == 401


def test_the_code_on_the_page_opens_this_very_measurement(
    published: Published, live_stack: Any, tmp_path: Path
) -> None:
    record, experiment = published
    (measurement,) = record["measurements"]
    page = httpx.get(f"{live_stack.url}/datasets/{record['id']}").text
    shown = re.findall(rf'<code data-opens="{measurement["id"]}">(.*?)</code>', page, re.DOTALL)
    assert len(shown) == 2
    rows, columns, *_ = experiment.patterns.shape
    expected = experiment.patterns[rows // 2, columns // 2]
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}  # no token, no login
    for number, code in enumerate(map(html.unescape, shown)):
        program = f"{code}\nimport numpy\nnumpy.save('shown_{number}.npy', numpy.asarray(values))\n"
        subprocess.run(
            tie(sys.executable, "-c", program), cwd=tmp_path, env=environment, check=True, timeout=patient(60)
        )
        np.testing.assert_array_equal(np.load(tmp_path / f"shown_{number}.npy"), expected)
