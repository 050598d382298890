"""Measurements for exports with arrays: numpy arrays stored by our own writer, and the objects read back in blocks."""

import json
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from processing.engine.plan_arrays import ArrayPlan, plan_array
from processing.engine.zarr_writer import ZarrWriter
from repository.exports.subjects import ArrayPart, ExportedMeasurement, ExportedSignal
from repository.schema.documents.provenance import Input
from repository.schema.export import CitationRecord, Creator, get_license

BLOCK = 1000

RECORD = CitationRecord(
    id="k3f9-2xq7",
    version=1,
    doi="10.5072/k3f9-2xq7.v1",
    title="Ptychography of MoS₂ & what came of <it>",
    creators=(
        Creator(name="Ada Lindqvist", given="Ada", family="Lindqvist", orcid="0000-0002-1825-0097"),
        Creator(name="Consortium for Slow Electrons", kind="organization"),
    ),
    abstract="A 4D-STEM scan with α = 21.4 mrad.",
    license=get_license("CC-BY-4.0"),
    publisher="Stemma",
    published=date(2026, 11, 21),
    url="https://stemma.example/datasets/k3f9-2xq7",
)
DOCUMENT: Mapping[str, Any] = {
    "technique": ["four_d_stem"],
    "scan": "raster",
    "origin": "measured",
    "level": "raw",
    "title": "MoS₂ bei 80 kV – Überblick",
    "acquired_at": {"value": "2025-03-01T14:20:00+01:00", "source": "header"},
    "acceleration_voltage": {"value": 80, "unit": "kV", "source": "header", "basis": "nominal"},
    "semi_convergence_angle": {"value": 0.0214, "unit": "rad", "source": "depositor", "basis": "measured"},
    "probe_current": {"value": 31.5, "unit": "pA", "source": "depositor", "basis": "measured"},
    "camera_length": {"value": 0.115, "unit": "m", "source": "header", "basis": "nominal"},
    "defocus": {"range": [-5, 5], "unit": "nm", "source": "depositor", "basis": "estimated"},
    "dwell_time": {"value": 1.2, "unit": "ms", "source": "header", "basis": "nominal"},
    "scan_pattern": "raster",
    "stage_tilt_x": {"value": 1.5, "unit": "deg", "source": "header", "basis": "measured"},
    "stage_position_x": {"value": 120.0, "unit": "um", "source": "header", "basis": "measured"},
    "sample": {
        "name": "MoS₂ on SiN",
        "elements": ["Mo", "S"],
        "thickness": {"value": 6.5, "unit": "Ao", "source": "depositor", "basis": "estimated"},
        "preparation_date": {"value": "2025-02-27T09:00:00+01:00"},
    },
    "instrument": {
        "name": "TEAM I",
        "manufacturer": "Thermo Fisher",
        "model": "Titan",
        "source": "schottky",
        "serial_number": {"missing": "withheld"},
    },
    "intensity_unit": "counts",
}


@dataclass
class Store:
    """Objects in a folder, by key and signal; `read` gives them as the byte service does."""

    folder: Path
    largest_block: int = 0
    taken: list[str] = field(default_factory=list)

    def add(
        self, name: str, values: npt.NDArray[Any], n_signal_axes: int, plan: ArrayPlan | None = None
    ) -> tuple[ArrayPart, ...]:
        """Store an array; return its objects by key."""
        plan = plan or plan_array(values.shape, values.dtype.itemsize, n_signal_axes)
        root = self.folder / name
        with ThreadPoolExecutor(1) as executor:
            writer = ZarrWriter(
                root,
                plan=plan,
                dtype=values.dtype,
                dimension_names=tuple(f"axis_{number}" for number in range(values.ndim)),
                attributes={},
                executor=executor,
            )
            writer.write(tuple(slice(0, size) for size in values.shape), values)
            objects = writer.finish()
        # The digest is where the bytes lie: the reading of this store asks for nothing else.
        parts = [ArrayPart(one.path, one.size, str(root / one.path)) for one in objects]
        return tuple(sorted(parts, key=lambda part: part.key))

    def read(self, part: ArrayPart) -> Iterator[bytes]:
        """Yield the bytes of an object, block by block."""
        self.taken.append(part.key)
        with Path(part.sha256).open("rb") as file:
            while block := file.read(BLOCK):
                self.largest_block = max(self.largest_block, len(block))
                yield block


def axis(
    name: str, size: int, unit: str | None = None, scale: float | None = None, offset: float = 0.0
) -> dict[str, Any]:
    """Return an axis as it is published."""
    return {"name": name, "size": size, "unit": unit, "scale": scale, "offset": offset}


def make_signal(
    store: Store, name: str, values: npt.NDArray[Any], axes: Sequence[Mapping[str, Any]], n_signal_axes: int
) -> ExportedSignal:
    """Return a signal whose array is stored."""
    return ExportedSignal(
        name=name,
        shape=values.shape,
        dtype=values.dtype.name,
        axes=tuple(axes),
        zarr=f"https://stemma.example/zarr/{name}",
        parts=store.add(name, values, n_signal_axes),
        n_signal_axes=n_signal_axes,
    )


def make_measurement(*signals: ExportedSignal, **changes: Any) -> ExportedMeasurement:
    """Return a published measurement; `changes` replace keys of its record, None removes one."""
    document = json.loads(json.dumps(DOCUMENT)) | changes
    return ExportedMeasurement(
        record=RECORD,
        id="m0b2-77ah",
        format="empad",
        metadata={key: value for key, value in document.items() if value is not None},
        signals=signals,
        files=(Input("file", "1" * 64, "scan/scan.raw"),),
    )


def make_scan(store: Store, *, shape: tuple[int, int, int, int] = (3, 4, 8, 6)) -> ExportedSignal:
    """Return a calibrated 4D scan of counts."""
    values = np.random.default_rng(4).poisson(9.0, shape).astype("uint16")
    names = ("scan_y", "scan_x", "detector_y", "detector_x")
    steps = ((0.05, "nm", -1.0), (0.05, "nm", 0.0), (0.25, "mrad", -1.0), (0.25, "mrad", -0.75))
    axes = [
        axis(name, size, unit, scale, offset)
        for name, size, (scale, unit, offset) in zip(names, shape, steps, strict=True)
    ]
    return make_signal(store, "data", values, axes, 2)
