"""The marks that all processes of a host share: whole, never equal again, and the same file for all."""

import hashlib
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repository import marks
from repository.marks import EVERYTHING, GROUPS, change_marks, find_group, find_marks, read_group
from tests.ties import tie

CHANGE = """
import sys
from tests.environment import set_defaults
set_defaults()
import os, pathlib
os.environ["DJANGO_SETTINGS_MODULE"] = "project.settings"
from repository.marks import change_marks, find_group
change_marks([find_group(sys.argv[1])])
"""


@pytest.fixture
def home(tmp_path: Path, settings: Any) -> Path:
    settings.STEMMA_HOME = tmp_path / "home"
    return tmp_path / "home"


def require_marks() -> marks.Marks:
    found = find_marks()
    assert found is not None
    return found


@given(st.text(max_size=30))
def test_every_subject_has_one_group_as_the_database_counts_them(subject: str) -> None:
    word = hashlib.sha256(subject.encode("utf-8", "surrogatepass")).hexdigest()[:3]
    if not subject.isprintable():
        return
    assert find_group(subject) == read_group(word) < GROUPS


def test_everything_has_a_word() -> None:
    assert read_group("all") == EVERYTHING


def test_a_change_is_seen_by_all_and_touches_no_other(home: Path) -> None:
    one, other = marks.Marks, require_marks()
    again = one(home / "cache" / "decision-marks")
    before = other.pick(range(GROUPS + 1))
    change_marks([7])
    after = again.pick(range(GROUPS + 1))
    assert [group for group in range(GROUPS + 1) if before[group] != after[group]] == [7]


def test_another_process_changes_the_same_memory(home: Path) -> None:
    group = find_group("deposit:7q2m-x4dn")
    before = require_marks().pick([group, group ^ 1])
    subprocess.run(
        tie(sys.executable, "-c", CHANGE, "deposit:7q2m-x4dn"),
        env={**__import__("os").environ, "STEMMA_HOME": str(home)},
        cwd=Path(marks.__file__).parents[1],
        check=True,
    )
    after = require_marks().pick([group, group ^ 1])
    assert after[0] != before[0]
    assert after[1] == before[1]


def test_a_file_that_was_removed_is_made_again_with_marks_nobody_has_noted(home: Path) -> None:
    before = require_marks()
    noted = before.pick(range(GROUPS))
    (home / "cache" / "decision-marks").unlink()
    again = require_marks()
    assert again is not before
    assert all(one != other for one, other in zip(noted, again.pick(range(GROUPS)), strict=True))
    assert [file.name for file in (home / "cache").iterdir()] == ["decision-marks"]


def test_a_file_of_another_size_is_replaced(home: Path) -> None:
    (home / "cache").mkdir(parents=True)
    (home / "cache" / "decision-marks").write_bytes(b"of another version of Stemma")
    assert len(require_marks().read_all()) == (GROUPS + 1) * 8


def test_where_it_cannot_be_made_there_are_no_marks(home: Path) -> None:
    home.mkdir()
    (home / "cache").write_text("a file where a folder should be")
    assert find_marks() is None
    change_marks([3])  # the writer goes on: other processes hear it from the database
    (home / "cache").unlink()
    assert find_marks() is not None
