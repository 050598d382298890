"""Real measurements, exported and read again: HyperSpy's file by our own reader, NXem by h5py."""

import io
from pathlib import Path
from typing import Any

import h5py
import hdf5plugin  # noqa: F401 - its import registers Blosc
import numpy as np
import numpy.typing as npt
import pytest

from ingest.formats.grouping import group_files
from ingest.formats.hspy.reader import open_hspy
from ingest.formats.opening import open_measurement
from ingest.formats.recognition import recognize
from ingest.readers.contract import MeasurementFiles, ReadHints, ReadRefusedError, SignalSource
from repository.exports import hyperspy, nxem
from repository.exports.subjects import ExportedSignal
from repository.schema.export.coordinates import list_coordinates
from tests.exported_arrays import RECORD, Store, make_measurement, make_signal
from tests.realdata import list_realdata, need_realdata

MOST_BYTES = 4 << 20
FOLDERS = (
    *("blo", "empad", "hspy", "mib", "mrc", "msa", "tia", "tiff"),
    *(
        pytest.param(one, marks=pytest.mark.long)
        for one in ("dm/rsciio/1D", "dm/rsciio/2D", "dm/rsciio/3D", "emd")
    ),
)


def find_measurements(folder: str) -> list[MeasurementFiles]:
    """Return the measurements among the real files of a folder."""
    root = need_realdata()
    paths = [path for path in list_realdata(f"{folder}/**/*") if isinstance(path, str)]
    matches = {path: recognize(root / path, path) for path in paths}
    return list(group_files(matches, {path: (root / path).stat().st_size for path in paths}).measurements)


def store_signals(
    store: Store, measurement: MeasurementFiles
) -> list[tuple[ExportedSignal, npt.NDArray[Any]]]:
    """Return every array of a measurement that is not too large for a test, stored, with its values."""
    root = need_realdata()
    try:
        with open_measurement(
            measurement.format, {path: root / path for path in measurement.files}
        ) as opened:
            return [
                (store_one(store, signal), signal.read())
                for signal in opened.signals
                if signal.nbytes <= MOST_BYTES
            ]
    except ReadRefusedError:
        return []


def store_one(store: Store, signal: SignalSource) -> ExportedSignal:
    axes = [axis.as_dict() for axis in signal.axes]
    return make_signal(store, signal.name, signal.read(), axes, signal.n_signal_axes)


def compare_hyperspy(path: Path, stored: list[tuple[ExportedSignal, npt.NDArray[Any]]]) -> None:
    opened = open_hspy({path.name: path}, ReadHints())
    with opened.resources:
        found = {opened.header["signals"][one.name]["experiment"]: one for one in opened.signals}
        for signal, values in stored:
            is_main = signal.name == "data" or len(stored) == 1
            read = found[RECORD.title if is_main else f"{RECORD.title}, {signal.name}"]
            assert (read.dtype, read.shape, read.n_signal_axes) == (
                values.dtype,
                values.shape,
                signal.n_signal_axes,
            )
            assert read.read().tobytes() == values.tobytes()
            for own, axis in zip(list_coordinates(signal.axes, {}), read.axes, strict=True):
                assert axis.unit == own.unit
                if own.positions is not None:
                    assert axis.positions == pytest.approx(own.positions, rel=1e-14)
                elif own.unit is not None:
                    assert (axis.scale, axis.offset) == pytest.approx((own.scale, own.offset), rel=1e-14)


def compare_nxem(content: bytes, stored: list[tuple[ExportedSignal, npt.NDArray[Any]]]) -> None:
    with h5py.File(io.BytesIO(content), "r") as file:
        found: dict[str, h5py.Group] = {}

        def note(_name: str, node: Any) -> None:
            if isinstance(node, h5py.Group) and node.attrs.get("NX_class") == "NXdata":
                found[node["title"].asstr()[()]] = node

        file.visititems(note)
        assert set(found) == {signal.name for signal, _ in stored}
        for signal, values in stored:
            data = found[signal.name]
            read = data[data.attrs["signal"]]
            assert (read.dtype, read[...].tobytes()) == (values.dtype, values.tobytes())
            for name, own in zip(data.attrs["axes"], list_coordinates(signal.axes, {}), strict=True):
                axis = data[f"axis_{own.name}" if name.startswith("indices_") and own.unit else name]
                expected = own.positions or own.offset + own.scale * np.arange(own.size)
                np.testing.assert_allclose(axis[...], expected, rtol=1e-14)
                assert ("units" in axis.attrs) == (own.unit is not None)


@pytest.mark.parametrize("folder", FOLDERS)
def test_real_measurements_keep_values_and_units(tmp_path: Path, folder: str) -> None:
    count = 0
    for number, measurement in enumerate(find_measurements(folder)):
        store = Store(tmp_path / str(number))
        stored = store_signals(store, measurement)
        if not stored:
            continue
        exported = make_measurement(*(signal for signal, _ in stored), title=None)
        path = store.folder / "export.hspy"
        path.write_bytes(b"".join(hyperspy.write_hyperspy(exported, store.read)))
        compare_hyperspy(path, stored)
        compare_nxem(b"".join(nxem.write_nxem(exported, store.read)), stored)
        count += len(stored)
    assert count > 0, folder
