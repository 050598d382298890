"""Exports that exist in tests only: a file each, as somebody would add one, in a folder of its own."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import repository.exports
from repository.exports import registry

HEAD = """
import json

from repository.exports.declaration import DatasetExport, MeasurementExport, ProductExport, StreamedExport

"""
OF_DATASET = f"""{HEAD}
def write_toy(record):
    return f"toy of {{record.title}} <{{record.doi}}>"


EXPORT = DatasetExport(
    module=__name__,
    ending="toy.txt",
    label="Toy text",
    media_type="text/x-toy",
    aliases=("application/x-toy",),
    description="The title and the DOI, for toys.",
    specification="https://toys.example/text",
    rank=15,
    write=write_toy,
    is_citation=True,
)
"""
OF_MEASUREMENT = f"""{HEAD}
def write_toy(measurement):
    voltage = measurement.metadata["acceleration_voltage"]
    return {{"id": measurement.id, "doi": measurement.record.doi, "voltage": voltage}}


EXPORT = MeasurementExport(
    module=__name__,
    ending="toy.json",
    label="Toy description",
    media_type="application/x-toy+json",
    description="Id, DOI and voltage, for toys.",
    specification="https://toys.example/description",
    write=write_toy,
)
"""
OF_ARRAYS = f"""{HEAD}
def write_toy(measurement, read):
    yield json.dumps([[one.name, one.shape, one.dtype] for one in measurement.signals]).encode() + b"\\n"
    for signal in measurement.signals:
        for part in signal.parts:
            yield f"{{part.key}} {{part.size}}\\n".encode()
            yield from read(part)


EXPORT = StreamedExport(
    module=__name__,
    ending="toy.bin",
    label="Toy arrays",
    media_type="application/x-toy-arrays",
    description="Every stored object of the arrays, one after the other, for toys.",
    specification="https://toys.example/arrays",
    write=write_toy,
    most_bytes=1 << 20,
)
"""
OF_PRODUCT = f"""{HEAD}
EXPORT = ProductExport(
    module=__name__,
    ending="toy.npy",
    label="Toy product",
    media_type="application/x-npy",
    description="What a job has made, for toys.",
    specification="https://toys.example/product",
    product="mean_diffraction_pattern",
)
"""
TOYS = {
    "toy_text": OF_DATASET,
    "toy_json": OF_MEASUREMENT,
    "toy_arrays": OF_ARRAYS,
    "toy_product": OF_PRODUCT,
}


@contextmanager
def exports_from(folder: Path, monkeypatch: pytest.MonkeyPatch, **files: str) -> Iterator[None]:
    """Let the folder belong to the exports of this process while it holds these files."""
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / f"{name}.py").write_text(text)
    monkeypatch.setattr(repository.exports, "__path__", [*repository.exports.__path__, str(folder)])
    registry.get_registry.cache_clear()
    try:
        yield
    finally:
        for name in files:
            sys.modules.pop(f"repository.exports.{name}", None)
        monkeypatch.undo()
        registry.get_registry.cache_clear()
