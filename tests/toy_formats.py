"""Formats that only a test has: a folder each, as somebody would add one, in a tree beside the checkout."""

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import ingest.formats
from confined.sandbox import processes
from ingest.formats import declaration, registry
from project.environment import CHECKOUT

LINKED = ("project", "repository", "confined", "processing", "api", "frontend", "tests")
MAGIC = b"TOY1"
DECLARATION = """
from ingest.formats.declaration import STANDS_ALONE, Format

FORMATS = (
    Format(
        package=__package__,
        id="{name}",
        title="Toy of {name}",
        files="`.{name}`",
        becomes="images",
        extensions=("{name}",),
        recognize="reader:recognize",
        companions=STANDS_ALONE,
        open="reader:open_toy",
        map="mapping:map_toy",
    ),
)
"""
READER = """
import numpy as np

from ingest.readers.contract import Axis, OpenedFile, SignalSource
from ingest.readers.parts import Recognized


def recognize(file):
    {recognize}


def open_toy(files, hints):
    {open}
"""
MAPPING = """
from ingest.mapping.arrays import add_arrays
from ingest.mapping.draft import Place


def map_toy(draft):
    draft.take_quantity("acceleration_voltage", Place(("voltage",), "kV"))
    draft.put_word("technique", ["tem_image"])
    add_arrays(draft)
"""
SOUND_RECOGNITION = 'return Recognized("bytes TOY1 at 0") if file.head.startswith(b"TOY1") else None'
SOUND_OPENING = """path = next(iter(files.values()))
    values = np.frombuffer(path.read_bytes()[4:], "<u2").reshape(-1, 4)
    axes = (Axis("detector_y", len(values)), Axis("detector_x", 4))
    signal = SignalSource("data", values.shape, np.dtype("u2"), axes, 2, lambda region: values)
    return OpenedFile("toy", "1", (signal,), {"voltage": 120})"""


def write_format(
    folder: Path, name: str = "toy", *, recognize: str = SOUND_RECOGNITION, opening: str = SOUND_OPENING
) -> Path:
    """Write the folder of one format with all of its parts, and return it."""
    own = folder / name
    own.mkdir()
    (own / "__init__.py").write_text("")
    (own / "declaration.py").write_text(DECLARATION.format(name=name))
    (own / "reader.py").write_text(READER.replace("{recognize}", recognize).replace("{open}", opening))
    (own / "mapping.py").write_text(MAPPING)
    return own


def build_tree(root: Path) -> Path:
    """Make a tree with a copy of `ingest` and links to the rest; return the folder of its formats."""
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(CHECKOUT / "ingest", root / "ingest", ignore=ignored)
    for name in LINKED:
        (root / name).symlink_to(CHECKOUT / name)
    return root / "ingest" / "formats"


@contextmanager
def use_tree(formats: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let this process and the confined ones find the formats of a tree."""
    monkeypatch.setattr(processes, "CODE_ROOT", formats.parents[1])
    monkeypatch.setattr(ingest.formats, "__path__", [str(formats)])
    registry.get_registry.cache_clear()
    declaration._import_function.cache_clear()
    before = set(sys.modules)
    try:
        yield
    finally:
        for name in set(sys.modules) - before:
            if name.startswith("ingest.formats."):
                del sys.modules[name]
        declaration._import_function.cache_clear()
        monkeypatch.undo()
        registry.get_registry.cache_clear()
