"""Who follows the guide to a new format has a format: its blocks alone, in a tree that does not know it."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from rsciio.ripple import file_writer

from ingest.formats.opening import open_measurement
from ingest.formats.recognition import recognize
from tests.client.guide_blocks import GUIDES, list_blocks
from tests.toy_formats import build_tree, use_tree

NAME = "ripple"


def save_blocks(formats: Path) -> list[str]:
    """Save the blocks of the guide under the names that they begin with."""
    saved = []
    for block in list_blocks((GUIDES / "add-a-format.md").read_text(encoding="utf-8")):
        first, _, code = block.text.partition("\n")
        folder, _, name = first.removeprefix("# ").rpartition("/")
        if folder == f"ingest/formats/{NAME}":
            (formats / NAME / name).write_text(code, encoding="utf-8")
            saved.append(name)
    return saved


def test_the_blocks_of_the_guide_are_a_format(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    formats = build_tree(tmp_path / "tree")
    shutil.rmtree(formats / NAME)
    values = np.arange(60, dtype=np.uint8).reshape(3, 4, 5)
    axes = [
        {"name": name, "units": unit, "size": size, "scale": 2.0, "offset": 0.0, "navigate": unit == "nm"}
        for name, unit, size in zip("yxe", ("nm", "nm", "eV"), values.shape, strict=True)
    ]
    metadata = {"General": {"title": "map"}, "Signal": {"signal_type": "EELS"}}
    written = {"data": values, "axes": axes, "metadata": metadata, "original_metadata": {}}
    file_writer(str(tmp_path / "map.rpl"), written, encoding="utf8")
    with use_tree(formats, monkeypatch):
        assert recognize(tmp_path / "map.rpl", "map.rpl").format != NAME
    (formats / NAME).mkdir()
    (formats / NAME / "__init__.py").write_text("")
    saved = save_blocks(formats)
    assert len(saved) == 6
    with use_tree(formats, monkeypatch):
        assert recognize(tmp_path / "map.rpl", "map.rpl").format == NAME
        files = {name: tmp_path / name for name in ("map.rpl", "map.raw")}
        with open_measurement(NAME, files) as opened:
            np.testing.assert_array_equal(opened.signals[0].read(), values)
