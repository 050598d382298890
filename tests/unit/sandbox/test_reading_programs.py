"""The programs that read uploads run inside, and what they refuse comes out as their own finding."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from confined.sandbox import Limits, SandboxRefusalError, ZygoteKeeper, run_confined
from tests.patience import patient
from tests.vendor_files.tia import write_emi, write_ser
from tests.vendor_files.zarr import SCAN_AXES, pack, write_zspy

Open = Callable[[str, dict[str, Path]], dict[str, Any]]


@pytest.fixture
def open_upload(output: Path, zygotes: ZygoteKeeper | None) -> Open:
    def open_upload(format_id: str, inputs: dict[str, Path]) -> dict[str, Any]:
        return run_confined(
            program="ingest.programs.open_file:main",
            request={"format": format_id, "files": list(inputs), "hints": {"scan_shape": [2, 3]}},
            inputs=inputs,
            output=output,
            limits=Limits(wall_s=patient(60), free_bytes=0),
            on_message=lambda _: None,
            zygotes=zygotes,
        )

    return open_upload


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    path = tmp_path / "objects" / "ab12"
    path.parent.mkdir()
    np.zeros((6, 130, 128), "<f4").tofile(path)
    return path


def test_raw_file_is_described(open_upload: Open, raw: Path) -> None:
    opened = open_upload("empad", {"session/größe.raw": raw})
    assert opened["signals"][0]["shape"] == [2, 3, 128, 128]
    assert opened["reader"]["name"] == "empad"


def test_header_that_names_an_absolute_path_is_refused_by_the_reader(
    open_upload: Open, raw: Path, tmp_path: Path
) -> None:
    xml = tmp_path / "scan.xml"
    xml.write_text(f'<root><raw_file filename="{raw}"/></root>', encoding="utf-8")
    with pytest.raises(SandboxRefusalError) as caught:
        open_upload("empad", {"scan.xml": xml, "scan.raw": raw})
    assert caught.value.finding.code == "path_inside_file"
    assert str(tmp_path) not in caught.value.finding.message


def test_hdf5_that_links_out_of_itself_is_refused_by_the_reader(open_upload: Open, tmp_path: Path) -> None:
    with h5py.File(tmp_path / "crafted", "w") as file:
        file.attrs["file_format"] = "HyperSpy"
        file["Experiments/x/data"] = h5py.ExternalLink("/etc/passwd", "/")
    with pytest.raises(SandboxRefusalError) as caught:
        open_upload("hspy", {"crafted.hspy": tmp_path / "crafted"})
    assert caught.value.finding.severity == "error"
    assert caught.value.finding.hint


def test_zarr_store_is_opened_inside(open_upload: Open, tmp_path: Path) -> None:
    values = np.arange(6 * 4 * 4, dtype=np.uint16).reshape(6, 4, 4)
    metadata = {"General": {"title": "packed by blosc"}}
    store = write_zspy(tmp_path / "s", values, SCAN_AXES[1:], metadata=metadata, chunks=(2, 4, 4))
    opened = open_upload("zspy", {"größe.zspy.zip": pack(store, tmp_path / "a")})
    assert opened["signals"][0]["shape"] == [6, 4, 4]
    assert opened["header"]["metadata"]["General"]["title"] == "packed by blosc"


def test_plugin_of_rosettasciio_reads_inside(open_upload: Open, tmp_path: Path) -> None:
    images = np.arange(6 * 4 * 4, dtype=np.uint16).reshape(6, 4, 4)
    dimensions = ((3, 2e-9, "Position", "meters"), (2, -2e-9, "Position", "meters"))
    positions = [(x * 2e-9, y * -2e-9) for y in range(2) for x in range(3)]
    series = write_ser(tmp_path / "x_1.ser", images, dimensions, step=5e7, positions=positions)
    emi = write_emi(tmp_path / "x.emi", {"DwellTimePath": "0.000002"})
    opened = open_upload("tia", {"größe_1.ser": series, "größe.emi": emi})
    assert opened["signals"][0]["shape"] == [2, 3, 4, 4]
    assert opened["header"]["emi"]["ExperimentalDescription"]["High tension_kV"] == 300
    assert opened["reader"]["name"] == "tia"
