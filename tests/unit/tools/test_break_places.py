"""Places that can be broken: what each becomes, how they are chosen, and that the tree stays as it is."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.patience import patient
from tests.ties import tie
from tools import break_places
from tools.break_places import (
    Outcome,
    choose_places,
    copied_checkout,
    find_room,
    list_near_tests,
    list_sources,
)
from tools.near_tests import FAR, rank_tests
from tools.places import Place, list_modules, list_places
from tools.warm_pytest import KILLED, WarmPytest

PROGRAM = """
def count(items: list[int], *, most: int = 3) -> int:
    '''Texts stay: 1 < 2.'''
    if items and not most == 3:
        raise ValueError(f"{len(items)} > {most}")
    total = 0
    for item in items:
        total += item
    log(total)
    return total * 2 if total > 7 else most - 1
"""


@pytest.mark.parametrize(
    ("kind", "before", "after"),
    [
        ("comparison", "most == 3", "(most != 3)"),
        ("comparison", "total > 7", "(total >= 7)"),
        ("arithmetic", "total * 2", "(total / 2)"),
        ("arithmetic", "most - 1", "(most + 1)"),
        ("condition", "not most == 3", "(most == 3)"),
        ("logic", "items and not most == 3", "(items or not most == 3)"),
        ("constant", "7", "8"),
        ("statement", "total += item", "pass"),
        ("statement", "log(total)", "pass"),
        ("statement", 'raise ValueError(f"{len(items)} > {most}")', "pass"),
        ("answer", "return total * 2 if total > 7 else most - 1", "return 0"),
    ],
)
def test_each_kind_of_place(kind: str, before: str, after: str) -> None:
    places = list_places("count.py", PROGRAM.encode())
    (place,) = [one for one in places if (one.kind, one.before, one.after) == (kind, before, after)]
    broken = place.apply(PROGRAM.encode()).decode()
    assert broken == PROGRAM.replace(before, after)
    assert (
        PROGRAM.splitlines()[place.line - 1].strip().startswith(before.split("\n", maxsplit=1)[0])
        or before in (PROGRAM.splitlines()[place.line - 1])
    )


def test_texts_annotations_and_sentences_are_no_places() -> None:
    changed = {place.before for place in list_places("count.py", PROGRAM.encode())}
    assert not any("1 < 2" in text for text in changed)
    assert "len(items)" not in changed
    assert "list[int]" not in changed


def test_bytes_before_a_place_may_be_letters_of_any_length() -> None:
    source = 'UNIT = "Å⁻¹"; WIDTH = 3 + 4  # µm\n'.encode()
    place = next(one for one in list_places("unit.py", source) if one.kind == "arithmetic")
    assert place.apply(source).decode() == 'UNIT = "Å⁻¹"; WIDTH = (3 - 4)  # µm\n'


def test_every_place_of_the_program_keeps_it_a_program() -> None:
    for name in list_sources()[::100]:
        source = (break_places.CHECKOUT / name).read_bytes()
        for place in list_places(name, source):
            broken = place.apply(source)
            ast.parse(broken)
            assert broken != source, place


def test_the_seed_decides_and_every_room_has_its_share() -> None:
    chosen = choose_places(2 * len(break_places.ROOMS), seed=7)
    assert chosen == choose_places(2 * len(break_places.ROOMS), seed=7)
    assert chosen != choose_places(2 * len(break_places.ROOMS), seed=8)
    rooms = [room.folder for place in chosen if (room := find_room(place.path)) is not None]
    assert {rooms.count(room.folder) for room in break_places.ROOMS} == {2}
    assert len({(place.path, place.start, place.kind) for place in chosen}) == len(chosen)


def find_place(path: str) -> Place:
    return list_places(path, (break_places.CHECKOUT / path).read_bytes())[0]


def test_the_nearest_tests_come_first_and_all_exist() -> None:
    near = list_near_tests(find_place("processing/previews/scale_bar.py"))
    assert "tests/unit/processing/test_previews.py" in near[0]
    assert near[-2:] == [("tests/unit/processing",), ("tests/integration/domain",)]
    assert list_near_tests(find_place("processing/previews/scale_bar.py"), is_quick=True) == near[:-2]
    client = list_near_tests(find_place("client/src/stemma/proxies.py"))
    assert any("test_proxies" in name for name in client[0])
    for room in break_places.ROOMS:
        for folder in (room.folder, *room.quick, *room.slow):
            assert (break_places.CHECKOUT / folder).is_dir(), folder


def test_tests_stand_by_how_many_imports_lead_to_a_module(tmp_path: Path) -> None:
    for name, text in {
        "room/inner.py": "def fold_names(): ...\n",
        "room/outer.py": "def later():\n    from room.inner import fold_names\n",
        "tests/unit/test_direct.py": "from room import inner\n",
        "tests/unit/test_through.py": "import room.outer\n",
        "tests/unit/test_inner.py": "# by its name alone\n",
        "tests/unit/room/test_telling.py": "# fold_names, of its room\n",
        "tests/unit/test_stranger.py": "# fold_names, of another\n",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    subprocess.run(tie("git", "init", "-q"), cwd=tmp_path, check=True)
    assert rank_tests(tmp_path, "room/inner.py", ["tests/unit"], ["tests/unit/room"]) == [
        (1, "tests/unit/test_direct.py"),
        (2, "tests/unit/test_through.py"),
        (FAR, "tests/unit/room/test_telling.py"),
        (FAR, "tests/unit/test_inner.py"),
    ]


def test_a_module_that_nothing_leads_to_gets_its_whole_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(break_places, "rank_tests", lambda *_: [])
    near = list_near_tests(find_place("processing/previews/scale_bar.py"), is_quick=True)
    assert near == [("tests/unit/processing",), ("tests/integration/domain",)]


def test_parts_share_the_places() -> None:
    def list_part(part: str) -> list[str]:
        ended = subprocess.run(
            tie(sys.executable, "-m", "tools.break_places", "--list", "--places", "5", "--part", part),
            cwd=break_places.CHECKOUT, capture_output=True, text=True, check=True,
        )  # fmt: skip
        return ended.stdout.splitlines()

    assert sorted(list_part("1/2") + list_part("2/2")) == sorted(map(str, choose_places(5, seed=1)))


def test_imports_are_found_with_their_names() -> None:
    assert set(list_modules("import a.b\nfrom c import d\n")) == {"a.b", "c", "c.d"}


def test_only_a_copy_is_broken_and_it_is_gone_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    place = choose_places(1, seed=1)[0]
    original = (break_places.CHECKOUT / place.path).read_bytes()
    seen: list[bytes] = []

    def look(copy: Path, _place: Place, _left_out: tuple[str, ...], **_: bool) -> str:
        seen.append((copy / place.path).read_bytes())
        raise KeyboardInterrupt

    monkeypatch.setattr(break_places, "find_noticing", look)
    with copied_checkout() as copy:
        with pytest.raises(KeyboardInterrupt):
            break_places.try_place(copy, place)
        assert (copy / place.path).read_bytes() == original
        assert (copy / ".venv").is_symlink() == (break_places.CHECKOUT / ".venv").exists()
    assert seen == [place.apply(original)]
    assert (break_places.CHECKOUT / place.path).read_bytes() == original
    assert not copy.exists()


def test_a_failure_counts_only_where_the_test_passes_unbroken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first test fails broken or not; the second notices one of two places."""
    unbroken: list[tuple[str, ...]] = []
    places = choose_places(2, seed=1)

    def run(checkout: Path, tests: tuple[str, ...], *more: str) -> tuple[bool, list[str]]:
        if checkout == break_places.CHECKOUT:
            unbroken.append(tuple(tests))
            failed = [name for name in tests if name == "t::always"]
        else:
            is_first = (checkout / places[0].path).read_bytes() != b"whole"
            failed = ["t::always", *(["t::notices"] if is_first else [])]
            failed = [name for name in failed if name not in more][:1]
        return not failed, failed

    monkeypatch.setattr(break_places, "run_tests", run)
    monkeypatch.setattr(Place, "apply", lambda *_: b"broken")
    for place in places:
        (tmp_path / place.path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place.path).write_bytes(b"whole")
    outcomes = break_places.try_places(tmp_path, places, tmp_path / "places.json", is_quick=True)
    assert [outcome.by for outcome in outcomes] == ["t::notices", ""]
    assert unbroken == [("t::always",), ("t::notices",)]
    assert [entry["by"] for entry in json.loads((tmp_path / "places.json").read_text())] == ["t::notices", ""]


def test_what_survived_is_found_again_where_it_stands_now(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(break_places, "CHECKOUT", tmp_path)
    (tmp_path / "count.py").write_text(PROGRAM)
    places = [one for one in list_places("count.py", PROGRAM.encode()) if one.kind == "statement"]
    told = tmp_path / "places.json"
    break_places.report([Outcome(places[0], "", 1.0), Outcome(places[1], "test_a", 2.0)], told)
    assert [entry["by"] for entry in json.loads(told.read_text())] == ["", "test_a"]
    (tmp_path / "count.py").write_text(f"# a new first line\n{PROGRAM}")
    (again,) = break_places.read_survivors(told)
    assert (again.line, again.before) == (places[0].line + 1, places[0].before)


def test_real_tests_are_run_and_the_one_that_fails_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DJANGO_SETTINGS_MODULE")  # the toy has none
    (tmp_path / "test_toy.py").write_text(
        "import pytest\ndef test_a():\n    assert True\n\n@pytest.mark.parametrize('x', [1], ids=['down and right'])\n"
        "def test_b(x):\n    assert False, 'why - so'\n"
    )
    assert break_places.run_tests(tmp_path, ("test_toy.py::test_a",)) == (True, [])
    assert break_places.run_tests(tmp_path, ("test_toy.py",)) == (
        False,
        ["test_toy.py::test_b[down and right]"],
    )


@pytest.mark.long
def test_each_run_reads_the_program_as_it_is_then(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DJANGO_SETTINGS_MODULE")
    (tmp_path / "test_toy.py").write_text("import toy\ndef test_a():\n    assert toy.answer() == 1\n")
    (tmp_path / "test_hanging.py").write_text("import time\ndef test_b():\n    time.sleep(3600)\n")
    warm = WarmPytest(tmp_path)
    try:
        for text, expected in (("1", 0), ("2", 1), ("1", 0)):
            (tmp_path / "toy.py").write_text(f"def answer():\n    return {text}  # {'x' * 10 * int(text)}\n")
            status, printed = warm.run(["-q", "test_toy.py"], patient(60))
            assert status == expected, printed
        assert warm.run(["-q", "test_hanging.py"], 3)[0] == KILLED
        assert warm.run(["-q", "test_toy.py"], patient(60))[0] == 0
    finally:
        warm.close()


def test_the_list_of_places_is_shown_without_breaking_any() -> None:
    ended = subprocess.run(
        tie(sys.executable, "-m", "tools.break_places", "--list", "--places", "3"),
        cwd=break_places.CHECKOUT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert ended.stdout.splitlines() == [str(place) for place in choose_places(3, seed=1)]
