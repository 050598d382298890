"""Writes the example experiments: small, physically sensible, with known truth, as files of real formats.

They are computed, and their metadata say so. Every file is written by our own code from fixed seeds.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from project.examples import interface_spectra, mos2_scan, titanate_images

METADATA_NAME, TRUTH_NAME = "metadata.yaml", "truth.json"


@dataclass(frozen=True, slots=True)
class ExampleExperiment:
    """One deposit to be: the files to upload, and the metadata document for `--metadata`.

    `truth_path` says what the data were made from; it is deposited with them.
    """

    title: str
    paths: tuple[Path, ...]
    metadata_path: Path
    truth_path: Path


@dataclass(frozen=True, slots=True)
class _Recipe:
    folder: str
    title: str
    abstract: str
    keywords: tuple[str, ...]
    describe: Callable[[], dict[str, Any]]
    write: Callable[[Path], tuple[list[Path], dict[str, Any]]]


def _write_mos2(folder: Path) -> tuple[list[Path], dict[str, Any]]:
    patterns, truth = mos2_scan.simulate_scan()
    return mos2_scan.write_empad(folder, patterns), truth


def _write_titanate(folder: Path) -> tuple[list[Path], dict[str, Any]]:
    images, truth = titanate_images.simulate_images()
    return titanate_images.write_emd(folder, images), truth


def _write_interface(folder: Path) -> tuple[list[Path], dict[str, Any]]:
    counts, truth = interface_spectra.simulate_spectra()
    return interface_spectra.write_hspy(folder, counts), truth


_RECIPES = (
    _Recipe(
        "mos2-4d-stem",
        "Example: 4D-STEM of a MoS2 monolayer with a sulfur vacancy at 80 kV",
        "A computed 4D-STEM scan of a freestanding MoS2 monolayer at 80 kV, with one sulfur vacancy, "
        "a detector turned by 12 degrees against the scan, shot noise of 20000 electrons per pattern "
        "and read-out noise. It was made to show what Stemma does with a 4D scan; the truth behind "
        "every number is in truth.json.",
        ("4D-STEM", "MoS2", "example"),
        mos2_scan.describe,
        _write_mos2,
    ),
    _Recipe(
        "titanate-dpc",
        "Example: polar domain in a titanate, HAADF and segmented DPC at 200 kV",
        "Computed images of a titanate along [001] whose titanium columns are shifted by 14 pm in the"
        " right half: annular dark field, bright field and four segments for differential phase "
        "contrast, recorded together. The positions of all columns are in truth.json.",
        ("HAADF", "DPC", "SrTiO3", "example"),
        titanate_images.describe,
        _write_titanate,
    ),
    _Recipe(
        "interface-eels",
        "Example: EELS spectrum image of a LaAlO3/SrTiO3 interface",
        "A computed spectrum image with few counts per channel: a power-law background, the white "
        "lines of titanium on one side of an interface and the oxygen K edge on both. Exponent, "
        "onsets and counts per spectrum are in truth.json.",
        ("EELS", "SrTiO3", "LaAlO3", "example"),
        interface_spectra.describe,
        _write_interface,
    ),
)


def write_examples(folder: Path) -> list[ExampleExperiment]:
    """Write all examples below `folder`, one folder each; takes seconds and less than 60 MB."""
    return [_write_example(folder / recipe.folder, recipe) for recipe in _RECIPES]


def _write_example(folder: Path, recipe: _Recipe) -> ExampleExperiment:
    folder.mkdir(parents=True, exist_ok=True)
    paths, truth = recipe.write(folder)
    truth_path, metadata_path = folder / TRUTH_NAME, folder / METADATA_NAME
    truth_path.write_text(json.dumps(truth, indent=1) + "\n", encoding="utf-8")
    document = {
        "dataset": {
            "title": recipe.title,
            "abstract": recipe.abstract,
            "license": "CC0-1.0",
            "keywords": list(recipe.keywords),
        },
        "measurements": {paths[0].name: recipe.describe()},
    }
    text = yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=110)
    metadata_path.write_text(text, encoding="utf-8")
    return ExampleExperiment(recipe.title, (*paths, truth_path), metadata_path, truth_path)
