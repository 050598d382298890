import os
import unicodedata
from pathlib import Path

import pytest

from stemma.depositing.local_files import select_files
from stemma.errors import UsageError


def make(folder: Path, *names: str) -> Path:
    for name in names:
        location = folder / name
        location.parent.mkdir(parents=True, exist_ok=True)
        location.write_bytes(b"x")
    return folder


def names_of(*paths: Path) -> list[str]:
    return [file.name for file in select_files(paths).files]


def test_a_folder_is_the_root_of_its_files(tmp_path: Path) -> None:
    folder = make(tmp_path / "s", "b.raw", "sub/a.mib")
    assert names_of(folder) == ["b.raw", "sub/a.mib"]


def test_files_are_named_by_their_last_part(tmp_path: Path) -> None:
    make(tmp_path, "x/a.xml", "y/a.raw")
    assert names_of(tmp_path / "x/a.xml", tmp_path / "y/a.raw") == ["a.raw", "a.xml"]


def test_equal_names_are_told_apart_by_their_folders(tmp_path: Path) -> None:
    make(tmp_path, "mon/a.dm4", "tue/a.dm4", "tue/b.dm4")
    assert names_of(tmp_path / "mon", tmp_path / "tue") == ["mon/a.dm4", "tue/a.dm4", "tue/b.dm4"]


def test_the_same_file_twice_is_sent_once(tmp_path: Path) -> None:
    make(tmp_path, "a.dm4")
    assert names_of(tmp_path, tmp_path / "a.dm4", tmp_path) == ["a.dm4"]


def test_junk_is_left_out_and_said(tmp_path: Path) -> None:
    make(
        tmp_path, "a.mib", ".DS_Store", ".git/config", "Thumbs.db", "~$a.docx", "z.zarr/.zarray", "__MACOSX/a"
    )
    selection = select_files([tmp_path])
    assert [file.name for file in selection.files] == ["a.mib", "z.zarr/.zarray"]
    assert all(one.is_expected for one in selection.left_out)
    assert {one.location.name for one in selection.left_out} == {
        ".DS_Store",
        ".git",
        "Thumbs.db",
        "~$a.docx",
        "__MACOSX",
    }


def test_a_hidden_file_may_be_named_outright(tmp_path: Path) -> None:
    make(tmp_path, ".notes")
    assert names_of(tmp_path / ".notes") == [".notes"]


def test_links_are_followed_but_not_in_circles(tmp_path: Path) -> None:
    make(tmp_path / "in", "a.raw")
    make(tmp_path / "elsewhere", "b.raw")
    (tmp_path / "in/up").symlink_to(tmp_path / "in")
    (tmp_path / "in/link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "in/dead").symlink_to(tmp_path / "nothing")
    selection = select_files([tmp_path / "in"], follow_links=True)
    assert [file.name for file in selection.files] == ["a.raw", "link/b.raw"]
    assert reasons_of(selection) == {
        "dead": "a link to nothing",
        "up": "a link back to a folder that holds it",
    }


def test_names_are_normalized(tmp_path: Path) -> None:
    decomposed = unicodedata.normalize("NFD", "Mü.raw")
    make(tmp_path, decomposed)
    assert names_of(tmp_path) == [unicodedata.normalize("NFC", decomposed)]


def test_twins_after_normalization_are_refused(tmp_path: Path) -> None:
    make(tmp_path, unicodedata.normalize("NFD", "Mü.raw"), unicodedata.normalize("NFC", "Mü.raw"))
    with pytest.raises(UsageError, match="Two different files"):
        select_files([tmp_path])


def test_what_cannot_be_sent_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="does not exist"):
        select_files([tmp_path / "none"])
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match="No file"):
        select_files([tmp_path / "empty"])
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UsageError, match="neither"):
        select_files([tmp_path / "pipe"])
    (tmp_path / os.fsdecode(b"bad\xff.raw")).write_bytes(b"x")
    with pytest.raises(UsageError, match="not valid Unicode"):
        select_files([tmp_path])
