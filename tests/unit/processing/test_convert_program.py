"""The sandboxed program, run here in the open: request in, files and manifest out."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from ingest.readers.contract import ReadRefusedError
from processing.declarations.manifest import AskedRecipe, Manifest, Optics, Order, OrderLimits
from processing.engine import convert_program
from processing.engine.verify_zarr import open_array
from project.examples import mos2_scan
from tests.ties import tie

CHECKOUT = Path(__file__).resolve().parents[3]


def run(order: Order, folder: Path, output: Path) -> tuple[Manifest, list[dict[str, Any]]]:
    """Run the program as over a pipe."""
    output.mkdir()
    messages: list[dict[str, Any]] = []
    request = json.loads(json.dumps(order.as_dict()))
    answer = convert_program.main(request, folder, output, messages.append)
    return Manifest.read(json.loads(json.dumps(answer, allow_nan=False))), messages


@pytest.fixture
def empad(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    folder.mkdir()
    scan = np.random.default_rng(0).poisson(4, (*mos2_scan.SCAN_SHAPE, 128, 128)).astype(np.float32)
    mos2_scan.write_empad(folder, scan)
    return folder


def test_an_empad_pair_becomes_arrays_and_products(empad: Path, tmp_path: Path) -> None:
    order = Order(
        format="empad",
        files=(mos2_scan.XML_NAME, mos2_scan.RAW_NAME),
        optics=Optics(
            semi_convergence_angle_mrad=21.4,
            diffraction_pixel_mrad=(1.0, 1.0),
            acceleration_voltage_kv=80.0,
        ),
        limits=OrderLimits(threads=2),
    )
    manifest, messages = run(order, empad, tmp_path / "out")
    [signal] = manifest.signals
    raw = np.fromfile(empad / mos2_scan.RAW_NAME, "<f4").reshape(*mos2_scan.SCAN_SHAPE, 130, 128)[
        ..., :128, :
    ]
    np.testing.assert_array_equal(open_array(tmp_path / "out/data/zarr").read().result(), raw)
    assert signal.values is not None
    assert signal.values.sum_of_counts == raw.sum(dtype=np.float64)
    assert signal.virtual_detectors is not None
    assert signal.virtual_detectors.source_of_angles == "calibrated"
    assert signal.shape_origin == "file"
    assert "service rows dropped" in signal.orientation
    assert signal.verified
    fractions = [message["fraction"] for message in messages]
    assert fractions == sorted(fractions)
    assert (fractions[0], fractions[-1]) == (0, 1)


def test_every_file_of_the_output_is_in_the_manifest_with_its_digest(empad: Path, tmp_path: Path) -> None:
    order = Order(format="empad", files=(mos2_scan.XML_NAME, mos2_scan.RAW_NAME))
    manifest, _ = run(order, empad, tmp_path / "out")
    [signal] = manifest.signals
    assert signal.zarr is not None
    assert signal.detector_major is not None
    listed = {
        **{f"zarr/{item.path}": (item.size, item.sha256) for item in signal.zarr.objects},
        **{f"companion/{item.path}": (item.size, item.sha256) for item in signal.detector_major.objects},
        **{f"reductions/{item.file}": (item.size, item.sha256) for item in signal.reductions},
        **{f"previews/{item.file}": (item.size, item.sha256) for item in signal.previews},
    }
    written = {
        str(path.relative_to(tmp_path / "out/data")): path
        for path in (tmp_path / "out/data").rglob("*")
        if path.is_file()
    }
    assert set(written) - {"reductions/reductions.json"} == set(listed)
    for name, item in listed.items():
        content = written[name].read_bytes()
        assert (len(content), hashlib.sha256(content).hexdigest()) == item


def test_several_signals_and_shares_of_progress(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    with h5py.File(folder / "two.hspy", "w") as file:
        file.attrs["file_format"], file.attrs["file_format_version"] = "HyperSpy", "3.1"
        for name, shape in (("map", (4, 5, 60)), ("survey", (20, 20))):
            experiment = file.create_group(f"Experiments/{name}")
            experiment.create_dataset("data", data=np.ones(shape, np.int16))
            for number, size in enumerate(shape):
                axis = experiment.create_group(f"axis-{number}")
                axis.attrs["size"], axis.attrs["scale"], axis.attrs["units"] = size, 1.0, "nm"
                axis.attrs["navigate"] = name == "map" and number < 2
            experiment.create_group("metadata/Signal").attrs["signal_type"] = "EELS" if name == "map" else ""
    manifest, messages = run(Order(format="hspy", files=("two.hspy",)), folder, tmp_path / "out")
    assert manifest.signals[0].kind == "spectrum_scan"
    assert len(manifest.signals) == 2
    assert messages[-1]["fraction"] == 1


def test_bad_input_is_refused_with_a_finding(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in/a.xml").write_text("<root/>")
    with pytest.raises(ReadRefusedError):
        run(Order(format="empad", files=("a.xml",)), tmp_path / "in", tmp_path / "out")


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        (AskedRecipe("no_such", 1), "There is no recipe 'no_such'"),
        (
            AskedRecipe("center_of_mass", 9),
            "processing/recipes/center_of_mass.py holds version 2 of its recipe; version 9 was asked for",
        ),
        (AskedRecipe("radial_profile", 1, {"ring_width": 0.01}), "ring_width is 0.01 px; it lies between"),
        (AskedRecipe("radial_profile", 1, {"width": 2}), "no parameter 'width'; it takes ring_width"),
    ],
)
def test_an_order_that_cannot_be_followed_says_why(
    empad: Path, tmp_path: Path, asked: AskedRecipe, sentence: str
) -> None:
    order = Order(format="empad", files=(mos2_scan.XML_NAME, mos2_scan.RAW_NAME), recipes=(asked,))
    with pytest.raises(ReadRefusedError, match=sentence) as refused:
        run(order, empad, tmp_path / "out")
    assert refused.value.finding.code == "recipe_refused"


def test_an_order_of_another_release_is_refused(empad: Path, tmp_path: Path) -> None:
    request = {**Order(format="empad").as_dict(), "manifest_version": 99}
    with pytest.raises(ReadRefusedError, match=r"version 99; processing/declarations/manifest\.py holds"):
        convert_program.main(request, empad, tmp_path, lambda _: None)


FOUR_GIGABYTES = """
import json, sys
from pathlib import Path
import numpy as np
from ingest.readers.contract import Axis, SignalSource
from processing.engine.one_pass import convert_signal
from processing.engine.signal_work import ConversionOptions
from processing.reductions.warm_up import compile_kernels

compile_kernels()
shape = (256, 512, 128, 128)
faint = np.random.default_rng(0).poisson(0.3, (512, 128, 128)).astype(np.uint16)


def load(region):
    rows = region[0].stop - region[0].start
    return np.repeat(faint[None, region[1]], rows, axis=0)


axes = tuple(Axis(n, s) for n, s in zip(("scan_y", "scan_x", "detector_y", "detector_x"), shape))
source = SignalSource("data", shape, faint.dtype, axes, 2, load)
def read_peak():
    # Not getrusage: its maximum outlives exec and holds what the test process itself once used.
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))

before = read_peak()
options = ConversionOptions(threads=2)
entry = convert_signal(source, Path(sys.argv[1]), options=options, progress=lambda *_: None).entry
peak = read_peak()
print(json.dumps({"peak_mb": peak / 1024, "before_mb": before / 1024, "sum": entry.values.sum_of_counts,
                  "truth": int(faint.sum(dtype=np.uint64)) * shape[0], "bytes": source.nbytes}))
"""


@pytest.mark.long
@pytest.mark.timeout(900)
def test_four_gigabytes_convert_below_800_megabytes(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(CHECKOUT), "OPENBLAS_NUM_THREADS": "1"}
    finished = subprocess.run(
        tie(sys.executable, "-c", FOUR_GIGABYTES, tmp_path),
        capture_output=True,
        text=True,
        check=True,
        env=environment,
        cwd=CHECKOUT,
    )
    measured = json.loads(finished.stdout)
    assert measured["bytes"] > 4e9
    assert measured["sum"] == measured["truth"]
    assert measured["peak_mb"] < 800
