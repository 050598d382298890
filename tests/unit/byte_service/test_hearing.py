"""How old the last word of the database may be."""

import time

import pytest

from api.byte_service import hearing
from project.environment import CHECKOUT


@pytest.mark.parametrize(("silent_s", "is_current"), [(0.0, True), (2.9, True), (3.1, False), (29.0, False)])
def test_three_seconds_of_silence_are_no_hearing(
    silent_s: float, is_current: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    guide = (CHECKOUT / "docs" / "guides" / "operator.md").read_text(encoding="utf-8")
    assert "does not hear the database for 3 s" in guide
    ear = hearing.Hearing()
    monkeypatch.setattr(ear, "_heard_at", 1000.0)
    monkeypatch.setattr(time, "monotonic", lambda: 1000.0 + silent_s)
    assert ear.is_current is is_current
