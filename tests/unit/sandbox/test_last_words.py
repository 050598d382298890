"""What a child printed just before it ended is in its log."""

import os
from collections.abc import Callable
from pathlib import Path

from confined.sandbox.conversation import Conversation
from confined.sandbox.processes import LOG_BYTES, Usage
from tests.patience import patient


class Ended:
    """A child that has ended by itself, before anybody looked."""

    def __init__(self, printed: Path) -> None:
        self._printed = printed

    def start(self, request: int, answer: int, output: int) -> "Ended":
        del request, answer
        os.write(output, self._printed.read_bytes())
        return self

    def has_ended_within(self, patience_s: float, meanwhile: Callable[[], object]) -> bool:
        del patience_s, meanwhile
        return True

    def end(self) -> Usage:
        return Usage(0, 0.0, 0.0)

    def close(self) -> None:
        """Nothing is held."""


def test_the_last_words_of_a_child_are_in_its_log(tmp_path: Path) -> None:
    printed = tmp_path / "printed"
    text = "".join(f"line {number}\n" for number in range(LOG_BYTES // 20))
    printed.write_text(text)
    with Conversation(Ended(printed).start, wall_s=patient(60)) as conversation:
        assert conversation.end(at_once=True).ended_by_itself
        assert conversation.log.text() == text
