"""One rule for names: as data, with vectors that server, pages and command are run against."""

import json
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import stemma.file_names as of_command
from repository.schema import file_names
from repository.schema.file_names import (
    find_name_fault,
    fold_case,
    is_dropping,
    is_unfinished,
    list_clashes,
    list_folders,
    plan_member_names,
    read_rule,
    suggest_name,
)

CHECKOUT = Path(__file__).resolve().parents[3]
VECTORS: dict[str, list[Any]] = json.loads((CHECKOUT / "tests/file_name_vectors.json").read_text("utf-8"))
RULE = CHECKOUT / "repository/schema/file_names.json"
RULES = pytest.mark.parametrize("names", [file_names, of_command], ids=["server", "command"])

SIGNS = st.sampled_from(
    [*'aAµÅ. _/\\:*?"<>|#%\t\n\u200b\u2028\u202e\u00a0\ud800\uf022', "e\u0301", "CON", "..", "nul"]
)
ODD = st.lists(SIGNS, max_size=12).map("".join)
TEXTS = st.text(st.characters(exclude_categories=()), max_size=20) | ODD


@pytest.mark.parametrize(
    "copy", ["client/src/stemma/file_names.json", "frontend/islands/generated/file-names.json"]
)
def test_command_and_pages_hold_the_same_rule(copy: str) -> None:
    assert (CHECKOUT / copy).read_bytes() == RULE.read_bytes(), f"copy {RULE.name} there: make openapi"


@RULES
@pytest.mark.parametrize(("path", "rule", "suggestion"), VECTORS["refused"], ids=ascii)
def test_what_no_deposit_holds_is_refused(names: Any, path: str, rule: str, suggestion: str | None) -> None:
    fault = names.find_name_fault(path)
    assert fault is not None
    assert fault.rule == rule
    assert fault.says == read_rule()["says"][rule]
    assert names.suggest_name(path) == (suggestion or "")


# Default_Ignorable_Code_Point as in DerivedCoreProperties.txt of Unicode 15; Python's tables have no such property.
IGNORABLE = (
    *("00AD", "034F", "061C", "115F-1160", "17B4-17B5", "180B-180F", "200B-200F", "202A-202E", "2060-206F"),
    *("3164", "FE00-FE0F", "FEFF", "FFA0", "FFF0-FFF8", "1BCA0-1BCA3", "1D173-1D17A", "E0000-E0FFF"),
)
BLANK = ("2800", "16FE4", "1D159", "13430-1343F")
"""Drawn as nothing, though the standard has them as signs, or as formats in later tables than Python's."""


def list_unseen() -> list[str]:
    """Return every character that formats, ends lines, or is drawn as nothing."""
    by_category = [
        chr(number)
        for number in range(0x110000)
        if unicodedata.category(chr(number)) in {"Cc", "Cf", "Cs", "Zl", "Zp"}
    ]
    bounds = [(*text.split("-"), text)[:2] for text in (*IGNORABLE, *BLANK)]
    listed = [chr(number) for first, last in bounds for number in range(int(first, 16), int(last, 16) + 1)]
    return sorted({*by_category, *listed})


@RULES
def test_no_character_passes_that_formats_or_is_drawn_as_nothing(names: Any) -> None:
    passing = [sign for sign in list_unseen() if names.find_name_fault(f"a{sign}b") is None]
    assert [f"U+{ord(sign):04X}" for sign in passing] == []


@RULES
def test_letters_and_digits_of_all_alphabets_pass(names: Any) -> None:
    letters = [
        chr(number) for number in range(0x110000) if unicodedata.category(chr(number)) in {"Lu", "Ll", "Nd"}
    ]
    refused = [sign for sign in letters if names.find_name_fault(f"a{sign}b") is not None]
    assert refused == []


@RULES
@pytest.mark.parametrize("path", VECTORS["accepted"], ids=ascii)
def test_what_microscopes_and_people_write_passes(names: Any, path: str) -> None:
    assert names.find_name_fault(path) is None
    assert names.suggest_name(path) == unicodedata.normalize("NFC", path)


@RULES
def test_files_that_are_folders_too_are_found(names: Any) -> None:
    assert all(names.list_clashes(pair) for pair in VECTORS["clash"])
    assert not any(names.list_clashes(pair) for pair in VECTORS["apart"])


@RULES
def test_half_downloads_are_known_by_their_names(names: Any) -> None:
    assert all(map(names.is_unfinished, VECTORS["unfinished"]))
    assert not any(map(names.is_unfinished, VECTORS["finished"]))


def test_leavings_of_systems_are_known_by_their_names() -> None:
    def is_left_behind(path: str) -> bool:
        return any(map(of_command.is_leaving, path.split("/")))

    assert all(map(is_left_behind, VECTORS["left_behind"]))
    assert not any(map(is_left_behind, VECTORS["not_left_behind"]))


@RULES
def test_droppings_are_known_by_their_names(names: Any) -> None:
    assert all(
        map(names.is_dropping, (*VECTORS["droppings"], *VECTORS["unfinished"], *VECTORS["left_behind"]))
    )
    assert not any(map(names.is_dropping, VECTORS["no_droppings"]))


def test_what_is_hidden_in_a_folder_is_known_by_its_name() -> None:
    """What was chosen itself, the first part, is sent whatever its name."""

    def is_hidden(path: str) -> bool:
        return any(map(of_command.is_hidden, path.split("/")[1:]))

    assert all(map(is_hidden, VECTORS["hidden"]))
    assert not any(map(is_hidden, VECTORS["not_hidden"]))


def test_twins_share_a_fold() -> None:
    assert all(fold_case(one) == fold_case(other) for one, other in VECTORS["twins"])
    assert not any(fold_case(one) == fold_case(other) for one, other in VECTORS["not_twins"])


@given(path=TEXTS)
def test_server_and_command_judge_alike(path: str) -> None:
    ours, theirs = find_name_fault(path), of_command.find_name_fault(path)
    assert (ours and (ours.rule, ours.says)) == (theirs and (theirs.rule, theirs.says))
    assert suggest_name(path) == of_command.suggest_name(path)
    assert is_unfinished(path) == of_command.is_unfinished(path)
    assert is_dropping(path) == of_command.is_dropping(path)


@given(path=TEXTS)
def test_an_accepted_path_stays_inside_and_can_be_seen(path: str) -> None:
    if find_name_fault(path) is not None:
        return
    parts = unicodedata.normalize("NFC", path).split("/")
    assert not {"", ".", ".."} & set(parts)
    assert not set(path) & set('\\<>:"|?*')
    assert not any(unicodedata.category(character) in {"Cc", "Cs", "Co", "Zl", "Zp"} for character in path)
    assert all(part == part.rstrip(". ") and len(part.encode()) <= 255 for part in parts)


@given(path=TEXTS)
def test_a_suggestion_keeps_the_rule_and_is_its_own(path: str) -> None:
    suggestion = suggest_name(path)
    if suggestion:
        assert find_name_fault(suggestion) is None
        assert suggest_name(suggestion) == suggestion
    assert fold_case(fold_case(path)) == fold_case(path)


@given(
    paths=st.lists(
        ODD | st.sampled_from(["x", "x/y", "x/y/z", "_CON", "CON", "x" * 300 + ".dm4"]), max_size=8
    )
)
def test_members_of_an_archive_can_all_be_unpacked(paths: list[str]) -> None:
    planned = plan_member_names(paths)
    names = list(planned.values())
    assert set(planned) == set(paths)
    assert len(set(names)) == len(names)
    assert all(find_name_fault(name) is None for name in names)
    assert not {folder for name in names for folder in list_folders(name)} & set(names)
    plain = [
        path
        for path in planned
        if find_name_fault(path) is None and path == unicodedata.normalize("NFC", path)
    ]
    if not list_clashes(plain):
        assert all(planned[path] == path for path in plain)
