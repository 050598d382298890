"""How a name that no deposit can hold is told: whole where it is short, cut where nobody would read it."""

import unicodedata

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from repository.errors import InvalidPathError
from repository.schema.file_names import find_name_fault
from repository.services.paths import normalize_path

SHOWN = 80


def refuse(name: str) -> InvalidPathError:
    with pytest.raises(InvalidPathError) as refusal:
        normalize_path(name)
    return refusal.value


@pytest.mark.parametrize("length", [1, SHOWN - 1, SHOWN, SHOWN + 1, 5000])
def test_a_name_is_shown_as_far_as_a_line_goes(length: int) -> None:
    name = ":" * length
    shown = str(refuse(name)).removeprefix("The name ").split("”", maxsplit=1)[0]
    assert shown == (f"“{name}" if length <= SHOWN else f"“{name[:SHOWN]}…")


def test_what_cannot_be_printed_is_shown_as_such() -> None:
    assert "“a�b�:”" in str(refuse("a\x1bb\u202e:"))


@given(st.text(max_size=200))
def test_a_sound_name_is_kept_in_one_spelling_and_any_other_refused(name: str) -> None:
    assume(not any("\ud800" <= character <= "\udfff" for character in name))
    if find_name_fault(name) is None:
        assert normalize_path(name) == unicodedata.normalize("NFC", name)
    else:
        refusal = refuse(name)
        assert len(str(refusal)) < 400
        assert refusal.hint
