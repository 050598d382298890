"""The groups of a Velox file: arrays below `/Data/<kind>/<number>`, each with JSON that describes it."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

import h5py
import numpy as np

from ingest.readers.hdf5.access import HDF5_ERRORS, get_child
from ingest.readers.hdf5.attributes import find_object, plain

_MOST_TEXT = 8 * 2**20
_DISPLAYS = ("Presentation/Displays/ImageDisplay", "Displays/ImageDisplay")


@dataclass(frozen=True, slots=True)
class Record:
    """One group below `/Data/<kind>`.

    Attributes
    ----------
    kind
        `Image`, `Spectrum`, `SpectrumStream`, `SpectrumImage` or `EelsSpectrumImage`.
    path
        HDF5 path of the group, from the root.
    data
        Its dataset `Data`.
    metadata
        The JSON of its first frame; empty where it cannot be read.
    settings
        The JSON beside the array (`AcquisitionSettings`, `Info`); empty where there is none.
    label
        What Velox shows it as; empty where it is not shown.
    """

    kind: str
    path: str
    data: h5py.Dataset
    metadata: Mapping[str, Any] = field(repr=False)
    settings: Mapping[str, Any]
    label: str = ""

    @property
    def title(self) -> str:
        """What a person would call it: what Velox shows it as, with the detector where that does not name it."""
        if self.label and self.detector.casefold() not in self.label.casefold():
            return f"{self.label}_{self.detector}"
        return self.label or self.detector

    @property
    def detector(self) -> str:
        """Name of the detector that gave it; empty where it has none."""
        return self.find_text("BinaryResult", "Detector")

    def find(self, *keys: str) -> Any:
        """Return what stands at a path of the metadata, or None."""
        found: Any = self.metadata
        for key in keys:
            found = found.get(key) if isinstance(found, Mapping) else None
        return found

    def find_text(self, *keys: str) -> str:
        """Return a text of the metadata; empty where there is none."""
        found = self.find(*keys)
        return found.strip() if isinstance(found, str) else ""

    def find_number(self, *keys: str) -> float | None:
        """Return a finite number of the metadata, which Velox writes as text; else None."""
        return as_number(self.find(*keys))

    @property
    def is_scanned(self) -> bool:
        """Whether the beam was scanned: in TEM mode Velox writes a scan of no size."""
        return (self.find_number("Optics", "OperatingMode") or 0) == 2 or bool(  # noqa: PLR2004 - its word for STEM
            self.find_number("Scan", "ScanSize", "width")
        )

    def describe_detector(self) -> Mapping[str, Any]:
        """Return the entry of `Detectors` for this one, by its number or its name; empty where there is none.

        A sum over segments (`SuperXG2` of `SuperXG21`…) has no entry; what all of them say alike holds for it too.
        """
        index = self.find_text("BinaryResult", "DetectorIndex")
        entries = self.find("Detectors")
        if not isinstance(entries, Mapping):
            return {}
        numbered = entries.get(f"Detector-{index}")
        if isinstance(numbered, Mapping) and numbered.get("DetectorName") == self.detector:
            return numbered
        named = [one for one in entries.values() if isinstance(one, Mapping) and self.detector]
        alone = next((one for one in named if one.get("DetectorName") == self.detector), None)
        if alone is not None:
            return alone
        parts = [one for one in named if str(one.get("DetectorName") or "").startswith(self.detector)]
        shared = parts[0].items() if parts else ()
        return {key: value for key, value in shared if all(one.get(key) == value for one in parts)}


def as_number(found: Any) -> float | None:
    """Return a finite number from a number or its text, or None."""
    try:
        number = float(found)
    except (TypeError, ValueError):
        return None
    return number if np.isfinite(number) else None


def list_records(file: h5py.File, kind: str, name: str) -> Iterator[Record]:
    """Yield the arrays of a kind in the order of the file."""
    group = find_object(file, f"Data/{kind}")
    if not isinstance(group, h5py.Group):
        return
    labels = _read_labels(file)
    for key in group:
        path = f"/Data/{kind}/{key}"
        child = get_child(group, key, where=path, name=name)
        data = get_child(child, "Data", where=f"{path}/Data", name=name) if _has_data(child) else None
        if isinstance(data, h5py.Dataset):
            settings = {
                word: value
                for part in ("AcquisitionSettings", "Info")
                for word, value in read_json(find_object(child, part)).items()
            }
            metadata = read_json(find_object(child, "Metadata"))
            yield Record(kind, path, data, metadata, settings, labels.get(path, ""))


def _has_data(child: Any) -> bool:
    return isinstance(child, h5py.Group) and "Data" in child


def read_json(dataset: Any) -> dict[str, Any]:
    """Return JSON kept as one text, or as bytes up to a zero in the first column; empty where it is none."""
    if not isinstance(dataset, h5py.Dataset) or not dataset.size or dataset.shape is None:
        return {}
    try:
        if dataset.dtype.kind in "OS":
            text = str(plain(dataset[()])) if dataset.size == 1 else ""
        elif dataset.dtype == np.uint8 and dataset.shape[0] <= _MOST_TEXT and dataset.ndim <= 2:  # noqa: PLR2004
            column = dataset[()] if dataset.ndim == 1 else dataset[:, 0]
            text = column.tobytes().partition(b"\0")[0].decode("utf-8", "replace")
        else:
            return {}
        found = json.loads(text)
    except (ValueError, RecursionError, *HDF5_ERRORS):
        return {}
    return found if isinstance(found, dict) else {}


def _read_labels(file: h5py.File) -> dict[str, str]:
    """Return path of an array to what Velox shows it as: by the path itself, or by a reference in newer files."""
    labels: dict[str, str] = {}
    for where in _DISPLAYS:
        group = find_object(file, where)
        for key in group if isinstance(group, h5py.Group) else ():
            shown = read_json(find_object(group, key))
            path, label = shown.get("dataPath"), shown.get("title")
            if isinstance(shown.get("display"), dict):
                label = unquote(str(shown["display"].get("label") or ""))
            if isinstance(shown.get("data"), str):
                path = read_json(find_object(file, shown["data"].strip("/"))).get("dataPath")
            if isinstance(path, str) and isinstance(label, str) and label:
                labels.setdefault(path, label)
    return labels
