import errno
import os
import socket
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stemma.depositing.local_files import Selection, read_name, select_files
from stemma.errors import UsageError


def make(folder: Path, *names: str) -> Path:
    for name in names:
        location = folder / name
        location.parent.mkdir(parents=True, exist_ok=True)
        location.write_bytes(b"x")
    return folder


def names_of(*paths: Path) -> list[str]:
    return [file.name for file in select_files(paths).files]


def reasons_of(selection: Selection) -> dict[str, str]:
    return {one.name: one.reason for one in selection.left_out}


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
    assert [file.name for file in selection.files] == ["a.mib", "z.zarr.zip"]
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


def test_a_link_that_leaves_the_folder_is_not_followed(tmp_path: Path) -> None:
    make(tmp_path / "session", "a.raw", "sub/b.raw")
    make(tmp_path / "secrets", "key")
    folder = tmp_path / "session"
    for name, target in (("key", "../secrets/key"), ("all", "../secrets"), ("sub/up", "../../secrets/key")):
        (folder / name).symlink_to(target)
    (folder / "inner").symlink_to("sub/b.raw")
    (folder / "chain").symlink_to("key")
    selection = select_files([folder])
    assert [file.name for file in selection.files] == ["a.raw", "inner", "sub/b.raw"]
    left_out = reasons_of(selection)
    assert set(left_out) == {"key", "all", "sub/up", "chain"}
    assert all("leaves the folder" in reason for reason in left_out.values())
    assert names_of(folder / "key") == ["key"], "what is named outright is meant"
    assert "session/key" in names_of(folder, tmp_path / "secrets"), (
        "nor does it leave where both folders are named"
    )
    followed = select_files([folder], follow_links=True)
    assert {"key", "all/key", "chain", "sub/up"} < {file.name for file in followed.files}
    assert not followed.left_out


def test_whatever_is_no_readable_file_is_left_out_and_the_rest_is_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(tmp_path, "a.raw", "locked.raw", "closed/b.raw", ".calibration")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "round").symlink_to("round")
    with socket.socket(socket.AF_UNIX) as listener:
        monkeypatch.chdir(tmp_path)  # the address of a socket is short
        listener.bind("listener")
    opened, listed = Path.open, Path.iterdir

    def refuse_to_open(path: Path, *arguments: Any, **options: Any) -> Any:
        if path.name == "locked.raw":
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return opened(path, *arguments, **options)

    def refuse_to_list(path: Path) -> Iterator[Path]:
        if path.name == "closed":
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return listed(path)

    monkeypatch.setattr(Path, "open", refuse_to_open)  # root may read everything
    monkeypatch.setattr(Path, "iterdir", refuse_to_list)
    selection = select_files([tmp_path])
    assert [file.name for file in selection.files] == ["a.raw"]
    assert not any(one.is_expected for one in selection.left_out)
    assert reasons_of(selection) == {
        ".calibration": "hidden",
        "closed": "cannot be read: Permission denied",
        "listener": "neither a file nor a folder",
        "locked.raw": "cannot be read: Permission denied",
        "pipe": "neither a file nor a folder",
        "round": "a link that leads back to itself",
    }
    for named in ("locked.raw", "closed"):
        with pytest.raises(UsageError, match="cannot be read: Permission denied"):
            select_files([tmp_path / named])


def test_names_are_read_as_utf8_whatever_the_locale_says(tmp_path: Path) -> None:
    """In a C locale Python gives the bytes of a name as surrogates."""
    assert read_name("中文".encode().decode("ascii", "surrogateescape")) == "中文"
    assert read_name("bad\udcff") == "bad\\xff"


def test_names_are_normalized(tmp_path: Path) -> None:
    decomposed = unicodedata.normalize("NFD", "Mü.raw")
    make(tmp_path, decomposed)
    assert names_of(tmp_path) == [unicodedata.normalize("NFC", decomposed)]


def test_twins_after_normalization_are_refused(tmp_path: Path) -> None:
    make(tmp_path, unicodedata.normalize("NFD", "Mü.raw"), unicodedata.normalize("NFC", "Mü.raw"))
    with pytest.raises(UsageError, match="name of another file"):
        select_files([tmp_path])
    selection = select_files([tmp_path], rename=True)
    assert len({file.name for file in selection.files}) == 2
    assert [one.path for one in selection.renamed] == ["Mü.raw"]


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
