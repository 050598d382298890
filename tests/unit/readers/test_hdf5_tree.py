"""HDF5 groups as dictionaries: what of a file is header, and where reading stops."""

from pathlib import Path

import h5py
import pytest

from ingest.readers.hdf5 import tree
from ingest.readers.hdf5.tree import read_tree

PRIVATE = ("_bs_x", "_hspy_x", "_sig_x", "learning_results", "peak_learning_results")


@pytest.fixture
def file(tmp_path: Path) -> h5py.File:
    return h5py.File(tmp_path / "a.h5", "w")


def test_everything_small_is_header_at_every_depth(file: h5py.File) -> None:
    file.attrs["title"] = "scan"
    file.create_group("a/b").attrs["voltage"] = 80.0
    file["a/count"] = 3
    assert read_tree(file) == {"title": "scan", "a": {"count": 3, "b": {"voltage": 80.0}}}


def test_what_programs_keep_for_themselves_is_left_out(file: h5py.File) -> None:
    for name in PRIVATE:
        file.attrs[name] = 1
        file.create_group(f"inner/{name}_group").attrs["deep"] = 1
        file[f"inner/{name}_data"] = 1
    file["inner/kept"] = 2
    assert read_tree(file) == {"inner": {"kept": 2}}


def test_links_are_not_followed(file: h5py.File, tmp_path: Path) -> None:
    with h5py.File(tmp_path / "other.h5", "w") as other:
        other["secret"] = 1
    file["a/value"] = 1
    file["a/soft"] = h5py.SoftLink("/a/value")
    file["a/dangling"] = h5py.SoftLink("/nowhere")
    file["a/outside"] = h5py.ExternalLink(str(tmp_path / "other.h5"), "/secret")
    assert read_tree(file) == {"a": {"value": 1}}


def test_arrays_are_left_out_by_their_way(file: h5py.File) -> None:
    file["a/data"] = 1
    file["b/data"] = 2
    file.create_group("c/d")
    assert read_tree(file, leave_out=["/a/data", "/c/d"]) == {"a": {}, "b": {"data": 2}, "c": {}}


def test_reading_stops_at_a_depth(file: h5py.File, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree, "MAX_DEPTH", 2)
    file.create_group("1/2/3")
    for group in (file["1"], file["1/2"], file["1/2/3"]):
        group.attrs["x"] = 1
    assert read_tree(file) == {"1": {"x": 1, "2": {"x": 1}}}


def test_reading_stops_after_many_members_wherever_they_are(
    file: h5py.File, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tree, "MAX_NODES", 4)
    for name in ("a/1", "a/2", "b/3", "b/4", "c"):
        file[name] = 0
    assert read_tree(file) == {"a": {"1": 0, "2": 0}, "b": {}}
