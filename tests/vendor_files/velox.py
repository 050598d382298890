"""Velox EMD, written group by group: images, spectra, EELS maps and streams of X-ray events."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt

MARK = 65535
_METADATA_BYTES = 4000


def describe(**parts: Mapping[str, Any]) -> dict[str, Any]:
    """Return a description as Velox writes it: all numbers as text, in SI units."""
    plain: dict[str, Any] = {
        "Instrument": {"InstrumentModel": "Spectra", "InstrumentId": "4601", "ControlSoftwareVersion": "3.1"},
        "Acquisition": {"AcquisitionStartDatetime": {"DateTime": "1596041391"}},
        "Optics": {"AccelerationVoltage": "300000", "BeamConvergence": "0.0214", "OperatingMode": "2"},
        "Scan": {"ScanSize": {"width": "8", "height": "8"}, "DwellTime": "2e-06", "FrameTime": "0.5"},
        "Detectors": {
            "Detector-0": {
                "DetectorName": "HAADF",
                "DetectorType": "ScanningDetector",
                "CollectionAngleRange": {"begin": "0.05", "end": "0.2"},
            },
            "Detector-1": {
                "DetectorName": "SuperX1",
                "DetectorType": "AnalyticalDetector",
                "Dispersion": "10",
                "OffsetEnergy": "-200",
                "LiveTime": "12.5",
            },
        },
        "BinaryResult": {
            "Detector": "HAADF",
            "DetectorIndex": "0",
            "PixelSize": {"width": "2e-10", "height": "1e-10"},
            "PixelUnitX": "m",
            "PixelUnitY": "m",
            "Offset": {"x": "-1e-09", "y": "0"},
        },
    }
    return {**plain, **{key: {**plain.get(key, {}), **value} for key, value in parts.items()}}


def start(path: Path, form: str = "Velox") -> h5py.File:
    """Open a new file that says whose it is."""
    file = h5py.File(path, "w")
    _write_json(file, "Version", {"version": "11", "format": form})
    return file


def add(
    file: h5py.File, kind: str, number: int, values: npt.NDArray[Any], said: Mapping[str, Any] | None
) -> h5py.Group:
    """Write one array below `/Data/<kind>`, in the axis order of Velox."""
    group = file.create_group(f"Data/{kind}/{number:032x}")
    group["Data"] = values
    raw = np.zeros((_METADATA_BYTES, 1), np.uint8)
    if said is not None:
        text = np.frombuffer(json.dumps(said).encode(), np.uint8)
        raw[: text.size, 0] = text
    group["Metadata"] = raw
    return group


def add_images(
    file: h5py.File, images: npt.NDArray[Any], said: Mapping[str, Any] | None, number: int = 1
) -> h5py.Group:
    """Write images of shape (frame, y, x), which Velox stores as (y, x, frame)."""
    return add(file, "Image", number, np.moveaxis(images, 0, 2), said)


def add_eels_map(
    file: h5py.File, values: npt.NDArray[Any], said: Mapping[str, Any], acquired: Mapping[str, Any]
) -> h5py.Group:
    """Write a map of shape (y, x, energy), which Velox stores as (x, energy, y)."""
    group = add(file, "EelsSpectrumImage", 1, values.transpose(1, 2, 0), said)
    raw = np.frombuffer(json.dumps({"Data": acquired}).encode(), np.uint8)
    group["AcquisitionMetadata"] = np.repeat(raw[:, None], values.shape[0], axis=1)
    return group


def add_stream(
    file: h5py.File,
    frames: Sequence[npt.NDArray[np.integer[Any]]],
    said: Mapping[str, Any],
    *,
    number: int = 1,
    settings: Mapping[str, Any] | None = None,
    is_last_mark_written: bool = True,
) -> npt.NDArray[np.uint16]:
    """Write the events of counts of shape (y, x, energy) for each frame, in a shuffled order within a position."""
    rng = np.random.default_rng(number)
    stream: list[int] = []
    for counts in frames:
        for spectrum in counts.reshape(-1, counts.shape[-1]):
            stream.extend(rng.permutation(np.repeat(np.arange(spectrum.size), spectrum)).tolist())
            stream.append(MARK)
    values = np.array(stream if is_last_mark_written else stream[:-1], np.uint16)[:, None]
    group = add(file, "SpectrumStream", number, values, said)
    _write_json(
        group,
        "AcquisitionSettings",
        settings or {"encoding": "uint16", "StreamEncoding": "uint16", "bincount": str(frames[0].shape[-1])},
    )
    return values


def show(file: h5py.File, path: str, label: str) -> None:
    """Write what Velox shows an array as."""
    _write_json(file, "Presentation/Displays/ImageDisplay/1", {"display": {"label": label}, "dataPath": path})


def _write_json(group: h5py.Group, name: str, said: Mapping[str, Any]) -> None:
    group.create_dataset(name, data=np.array([json.dumps(said).encode()], object), dtype=h5py.string_dtype())
