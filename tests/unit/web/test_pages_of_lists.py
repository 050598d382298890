"""The cursor of a list: it comes back as it was given out, and nothing else is taken for one."""

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest
from rest_framework.exceptions import ValidationError

from api.pagination import build_cursor, read_cursor

if TYPE_CHECKING:
    from rest_framework.request import Request

MOMENT = "2026-11-30T12:00:00+00:00"


def ask(cursor: str) -> Any:
    return read_cursor(cast("Request", SimpleNamespace(query_params={"cursor": cursor})))


def test_a_cursor_comes_back() -> None:
    assert ask(build_cursor((MOMENT, "7q2m-x4dn"))) == (MOMENT, "7q2m-x4dn")
    assert ask("") is None


@pytest.mark.parametrize(
    "parts",
    [
        (MOMENT, "7q2m\x00x4dn"),  # PostgreSQL takes no such text
        (MOMENT, "7q2m\n"),
        (MOMENT,),
        (MOMENT, "7q2m", "x4dn"),
        ("2026-11-30T12:00:00", "7q2m-x4dn"),
        ("2026-13-30T12:00:00+00:00", "7q2m-x4dn"),
        ("soon", "7q2m-x4dn"),
    ],
)
def test_what_was_not_given_out_is_refused(parts: tuple[str, ...]) -> None:
    with pytest.raises(ValidationError, match="not given out by this server"):
        ask(build_cursor(parts))


@pytest.mark.parametrize("cursor", ["é", "abc", "////"])
def test_what_is_no_cursor_at_all_is_refused(cursor: str) -> None:
    with pytest.raises(ValidationError):
        ask(cursor)
