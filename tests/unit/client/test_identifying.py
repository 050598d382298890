"""`stemma identifying --mask-all`: all that answers can withhold, in as many requests as it takes."""

from typing import Any

import pytest

from stemma.commands import identifying as command
from stemma.commands.identifying import identifying


class Answers:
    """A connection that lists values and keeps what is sent."""

    def __init__(self, results: list[dict[str, Any]]) -> None:
        self.results = results
        self.sent: list[dict[str, Any]] = []

    def request(self, method: str, _address: str, **more: Any) -> "Answers":
        if method == "POST":
            self.sent.append(more["json"])
        return self

    def json(self) -> dict[str, Any]:
        return {"results": self.results}


class Words:
    id = "7q2m-x4dn"
    mask: tuple[str, ...] = ()
    unmask: tuple[str, ...] = ("Zoe",)
    mask_all = True


class Quiet:
    def note(self, text: str) -> None:
        self.text = text


def test_all_that_is_shown_is_masked_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "_AT_ONCE", 2)
    line = {"kind": "name", "state": "shown", "fields_said": ["notes"]}
    listed = [{**line, "value": name} for name in ("Ada", "Bob", "Eve")]
    listed += [
        {**line, "value": "in the files", "state": "in_files", "fields_said": []},
        {**line, "value": "by hand", "fields_said": ["extensions"]},
        {**line, "value": "both", "fields_said": ["extensions", "notes"]},
    ]
    connection, progress = Answers(listed), Quiet()
    told = identifying(Words(), connection, progress)  # type: ignore[arg-type]  # what it asks of them is there
    assert [one["mask"] for one in connection.sent] == [["Ada", "Bob"], ["Eve", "both"]]
    assert [tuple(one["unmask"]) for one in connection.sent] == [("Zoe",), ()]
    assert "5 values" in progress.text
    assert "by hand  (name): readers see it in extensions" in told.text
