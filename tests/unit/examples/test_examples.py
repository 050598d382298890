"""The examples are what their documents and their truth say."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import yaml

from ingest.formats.headers import map_vendor_header
from ingest.formats.opening import open_measurement
from ingest.readers.contract import OpenedFile, ReadHints
from processing.reductions.disk import DirectDisk, find_direct_disk
from project.examples.make_examples import ExampleExperiment, write_examples
from repository.schema import (
    SignalShape,
    merge_metadata,
    select_supplied,
    validate_dataset,
    validate_measurement,
    validate_supplied,
)
from tests.pattern_numbers import compute_center_of_mass

FORMATS = {".xml": "empad", ".emd": "ncem_emd", ".hspy": "hspy"}


@pytest.fixture(scope="module")
def examples(tmp_path_factory: pytest.TempPathFactory) -> list[ExampleExperiment]:
    return write_examples(tmp_path_factory.mktemp("examples"))


def open_example(example: ExampleExperiment) -> OpenedFile:
    files = {path.name: path for path in example.paths if path != example.truth_path}
    return open_measurement(FORMATS[example.paths[0].suffix], files, ReadHints())


def read_truth(example: ExampleExperiment) -> dict[str, Any]:
    truth: dict[str, Any] = json.loads(example.truth_path.read_text())
    return truth


def test_they_are_three_and_small(examples: list[ExampleExperiment]) -> None:
    assert len(examples) == 3
    assert sum(path.stat().st_size for example in examples for path in example.paths) < 60e6


@pytest.mark.parametrize("index", [0, 1, 2])
def test_every_question_is_answered_and_nothing_contradicts_the_header(
    examples: list[ExampleExperiment], index: int
) -> None:
    example = examples[index]
    document = yaml.safe_load(example.metadata_path.read_text())
    assert validate_supplied(document) == []
    assert validate_dataset({**document["dataset"], "creators": [{"name": "Curie, Marie"}]}) == []
    with open_example(example) as opened:
        described = [signal.describe() for signal in opened.signals]
        draft = map_vendor_header(opened.format, opened.header, described)
    merged = merge_metadata(
        header=draft.document, supplied_layers=select_supplied(document, example.paths[0].name)
    )
    assert merged.conflicts == []
    signals = [SignalShape.from_dict(signal) for signal in described]
    assert validate_measurement(merged.document, signals=signals) == []
    assert merged.document["origin"] == "simulated"


def test_the_4d_scan_holds_its_truth(examples: list[ExampleExperiment]) -> None:
    truth = read_truth(examples[0])
    with open_example(examples[0]) as opened:
        patterns = opened.signals[0].read()
    assert patterns.shape == (*truth["scan_shape"], 128, 128)
    electrons = patterns.sum(axis=(-2, -1), dtype=np.float64) / truth["counts_per_electron"]
    assert electrons.mean() == pytest.approx(truth["electrons_per_pattern"], rel=0.001)
    disk = find_direct_disk(patterns.mean(axis=(0, 1)))
    assert isinstance(disk, DirectDisk)
    assert disk.center == pytest.approx(truth["disk_center_px"], abs=0.1)
    # The crystal's own disks overlap the direct one and pull its edge in by 1 %.
    assert disk.radius == pytest.approx(truth["disk_radius_px"], rel=0.015)
    bare = np.array(truth["center_of_mass_without_noise_px"])
    bright = np.where(patterns > truth["counts_per_electron"] / 2, patterns, 0)
    measured = compute_center_of_mass(bright)
    assert np.corrcoef(measured[..., 0].ravel(), bare[..., 0].ravel())[0, 1] > 0.9
    assert np.corrcoef(measured[..., 1].ravel(), bare[..., 1].ravel())[0, 1] > 0.9


def test_deflections_rotated_into_the_scan_have_no_curl(examples: list[ExampleExperiment]) -> None:
    truth = read_truth(examples[0])
    shifts = np.array(truth["center_of_mass_without_noise_px"])
    matrix = np.array(truth["detector_to_scan_matrix"])

    def curl(turn: npt.NDArray[np.float64]) -> float:
        field = shifts @ turn.T
        return float(np.mean((np.gradient(field[..., 1], axis=0) - np.gradient(field[..., 0], axis=1)) ** 2))

    assert curl(matrix) < 0.2 * curl(matrix.T)
    assert curl(matrix) < 0.5 * curl(np.eye(2))


def test_the_titanate_columns_are_where_the_truth_says(examples: list[ExampleExperiment]) -> None:
    truth = read_truth(examples[1])
    with open_example(examples[1]) as opened:
        images = {signal.name: signal.read() for signal in opened.signals}
    assert set(images) == {"data", "bright_field", "dpc_a", "dpc_b", "dpc_c", "dpc_d"}
    heavy = np.array(truth["column_positions_px"]["a_site"])
    inside = heavy[(heavy > 8).all(axis=1) & (heavy < 248).all(axis=1)]
    offsets = [find_centroid(images["data"], at, 4) - at for at in inside]
    assert np.abs(np.mean(offsets, axis=0)).max() < 0.1
    # Segments a (45°) and c (225°) look to opposite sides.
    difference = images["dpc_a"].astype(float) - images["dpc_c"]
    total = np.sum([images[name].astype(float) for name in ("dpc_a", "dpc_b", "dpc_c", "dpc_d")], axis=0)
    assert np.std(difference / total) > 2 * np.sqrt(0.5 / total.mean())


def find_centroid(
    image: npt.NDArray[Any], at: npt.NDArray[np.float64], reach: int
) -> npt.NDArray[np.float64]:
    middle = np.round(at).astype(int)
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    part = image[middle[0] - reach : middle[0] + reach + 1, middle[1] - reach : middle[1] + reach + 1].astype(
        float
    )
    part -= part.min()
    centroid: npt.NDArray[np.float64] = middle + np.array([(y * part).sum(), (x * part).sum()]) / part.sum()
    return centroid


def test_the_spectra_hold_exponent_and_edge_counts(examples: list[ExampleExperiment]) -> None:
    truth = read_truth(examples[2])
    with open_example(examples[2]) as opened:
        spectra = opened.signals[0].read().astype(float)
        axis = opened.signals[0].axes[-1]
    energy = axis.offset + axis.scale * np.arange(axis.size) if axis.scale else np.zeros(axis.size)
    before = energy < 450
    mean = spectra.mean(axis=(0, 1))
    slope = np.polyfit(np.log(energy[before]), np.log(mean[before]), 1)[0]
    assert -slope == pytest.approx(truth["power_law_exponent"], abs=0.05)
    background = truth["background_at_start_counts"] * (energy / 400) ** -truth["power_law_exponent"]
    edges = (spectra.mean(axis=0) - background).sum(axis=-1)
    expected = np.array(truth["titanium_counts_per_spectrum"]) + truth["oxygen_counts_per_spectrum"]
    assert np.abs(edges - expected).mean() < 3 * np.sqrt(spectra.mean(axis=0).sum(axis=-1).mean() / 24)


def test_they_are_the_same_on_every_run(examples: list[ExampleExperiment], tmp_path: Path) -> None:
    again = write_examples(tmp_path)
    assert again[0].paths[1].read_bytes() == examples[0].paths[1].read_bytes()
    assert [e.metadata_path.read_text() for e in again] == [e.metadata_path.read_text() for e in examples]
