"""HDF5 that reaches for other files or claims what it does not hold."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import h5py
import numpy as np
import pytest

from ingest.formats.opening import open_measurement
from ingest.formats.recognition import recognize
from ingest.readers.contract import ReadRefusedError
from ingest.readers.hdf5.superblock import check_not_truncated
from tests.vendor_files.hdf5 import write_hspy

PX = {"units": "1/nm", "navigate": False}


@pytest.fixture
def victim(tmp_path: Path) -> Path:
    """Return a file of the server that no upload may show."""
    path = tmp_path / "private" / "secret.h5"
    path.parent.mkdir()
    with h5py.File(path, "w") as file:
        file["data"] = np.full((4, 4), 42.0)
    return path


@pytest.fixture
def upload(tmp_path: Path) -> Path:
    return write_hspy(tmp_path / "scan.hspy", {"a": (np.ones((4, 4)), (PX, PX))})


def _external_link(file: h5py.File, victim: Path) -> None:
    file["Experiments/a/data"] = h5py.ExternalLink(str(victim), "/data")


def _external_group(file: h5py.File, victim: Path) -> None:
    file["Experiments/a/data"] = np.ones((4, 4))
    file["Experiments/a/metadata/Sample"] = h5py.ExternalLink(str(victim), "/")


def _soft_link_into_external(file: h5py.File, victim: Path) -> None:
    file["elsewhere"] = h5py.ExternalLink(str(victim), "/")
    file["Experiments/a/data"] = h5py.SoftLink("/elsewhere/data")


def _external_storage(file: h5py.File, victim: Path) -> None:
    file.create_dataset("Experiments/a/data", (4, 4), "f8", external=[(str(victim), 0, 128)])


def _virtual(file: h5py.File, victim: Path) -> None:
    layout = h5py.VirtualLayout((4, 4), "f8")
    layout[:] = h5py.VirtualSource(str(victim), "data", (4, 4))
    file.create_virtual_dataset("Experiments/a/data", layout)


@pytest.mark.parametrize(
    ("point_outside", "code"),
    [
        (_external_link, "hdf5_external_link"),
        (_external_group, "hdf5_external_link"),
        (_soft_link_into_external, "hdf5_external_link"),
        (_external_storage, "hdf5_external_storage"),
        (_virtual, "hdf5_virtual_dataset"),
    ],
)
def test_file_that_points_outside_itself_is_refused(
    upload: Path, victim: Path, point_outside: Callable[[h5py.File, Path], None], code: str
) -> None:
    with h5py.File(upload, "r+") as file:
        del file["Experiments/a/data"]
        point_outside(file, victim)
    assert recognize(upload, "scan.hspy").format == "hspy"
    with pytest.raises(ReadRefusedError) as caught:
        open_measurement("hspy", {"scan.hspy": upload})
    finding = caught.value.finding
    assert (finding.code, finding.severity) == (code, "error")
    assert str(victim.parent) not in finding.message
    assert finding.hint


def test_soft_link_to_the_array_of_the_same_file_is_no_array(upload: Path) -> None:
    """Soft links are not followed at all, so none can lead anywhere."""
    with h5py.File(upload, "r+") as file:
        file.move("Experiments/a/data", "kept")
        file["Experiments/a/data"] = h5py.SoftLink("/kept")
    with pytest.raises(ReadRefusedError) as caught:
        open_measurement("hspy", {"scan.hspy": upload})
    finding = caught.value.finding
    assert (finding.code, finding.severity) == ("no_array_found", "warning"), (
        "the file is sound: publish it unread"
    )


@pytest.mark.parametrize("chunks", [(64, 64, 64, 64), None])
def test_ten_kilobytes_that_claim_a_terabyte_are_refused(
    upload: Path, chunks: tuple[int, ...] | None
) -> None:
    with h5py.File(upload, "r+") as file:
        del file["Experiments/a/data"]
        file.create_dataset("Experiments/a/data", (1000, 1000, 500, 500), "f4", chunks=chunks)
    assert upload.stat().st_size < 64 * 1024
    with pytest.raises(ReadRefusedError) as caught:
        open_measurement("hspy", {"scan.hspy": upload})
    assert caught.value.finding.code == "declared_size_implausible"
    assert "1000000000000" in caught.value.finding.message


def test_one_chunk_of_gigabytes_is_refused(upload: Path) -> None:
    with h5py.File(upload, "r+") as file:
        del file["Experiments/a/data"]
        file.create_dataset("Experiments/a/data", (4, 4), "f4", chunks=(2**15, 2**14), maxshape=(None, None))
    with h5py.File(upload, "r") as file:
        assert file["Experiments/a/data"].size == 16
    with open_measurement("hspy", {"scan.hspy": upload}) as opened:
        assert opened.findings[0].code == "hdf5_chunks_missing"


def test_honest_compression_is_read(upload: Path) -> None:
    with h5py.File(upload, "r+") as file:
        del file["Experiments/a/data"]
        file.create_dataset(
            "Experiments/a/data", data=np.zeros((512, 4096)), chunks=(64, 4096), compression=9
        )
    with open_measurement("hspy", {"scan.hspy": upload}) as opened:
        assert opened.signals[0].read().shape == (512, 4096)
        assert not opened.findings


def test_filters_of_detectors_are_read_and_unknown_ones_named(upload: Path) -> None:
    import hdf5plugin

    values = np.arange(4096.0).reshape(64, 64)
    with h5py.File(upload, "r+") as file:
        del file["Experiments/a/data"]
        file.create_dataset("Experiments/a/data", data=values, chunks=(64, 64), **hdf5plugin.Bitshuffle())
    with open_measurement("hspy", {"scan.hspy": upload}) as opened:
        np.testing.assert_array_equal(opened.signals[0].read(), values)
    raw = upload.read_bytes()
    code = (32008).to_bytes(2, "little")
    assert raw.count(code) == 1
    upload.write_bytes(raw.replace(code, (32990).to_bytes(2, "little")))
    with pytest.raises(ReadRefusedError) as caught:
        open_measurement("hspy", {"scan.hspy": upload})
    assert caught.value.finding.code == "hdf5_filter_missing"
    assert "32990" in caught.value.finding.message


def test_groups_in_a_ring_end(upload: Path) -> None:
    with h5py.File(upload, "r+") as file:
        file["Experiments/a/ring"] = file["Experiments"]
    with open_measurement("hspy", {"scan.hspy": upload}) as opened:
        assert len(opened.signals) == 1


@pytest.mark.parametrize("libver", ["earliest", "v108", "latest"])
@pytest.mark.parametrize("userblock", [0, 512])
def test_end_of_file_is_found_in_every_superblock(tmp_path: Path, libver: str, userblock: int) -> None:
    path = tmp_path / "f.h5"
    with h5py.File(path, "w", libver=libver, userblock_size=userblock) as file:
        file["data"] = np.arange(1000)
    check_not_truncated(path)
    with path.open("rb+") as handle:
        handle.truncate(path.stat().st_size - 1)
    with pytest.raises(ReadRefusedError) as caught:
        check_not_truncated(path)
    assert caught.value.finding.code == "file_truncated"


def test_flipped_bytes_never_escape_as_an_untyped_error(upload: Path) -> None:
    whole = upload.read_bytes()
    for at in range(8, len(whole), 397):
        upload.write_bytes(whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :])
        recognize(upload, "scan.hspy")
        with suppress(ReadRefusedError), open_measurement("hspy", {"scan.hspy": upload}) as opened:
            opened.signals[0].read()
