"""Hashing beside a program: it ends with the program, and what was not read to its end is no suspect."""

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, cast

from confined.input_checks import InputCheck
from tests.patience import Deadline, patient

if TYPE_CHECKING:
    from pathlib import Path


class Endless:
    """A file that goes on, as long as somebody reads; a minute is the end of patience, not of the file."""

    def __init__(self) -> None:
        self._deadline = Deadline(60)
        self.is_read_to_its_end = False
        self.begun = threading.Event()

    @contextmanager
    def open(self, mode: str) -> Iterator["Endless"]:
        assert mode == "rb"
        yield self

    def read(self, size: int) -> bytes:  # noqa: ARG002 - as a file is read
        self.begun.set()
        self.is_read_to_its_end = self._deadline.is_over()
        return b"" if self.is_read_to_its_end else b"counts"


def test_a_program_that_ends_is_not_waited_for_by_the_hashing_of_its_files() -> None:
    file = Endless()
    check = InputCheck({"scan.raw": cast("Path", file)}, {"scan.raw": hashlib.sha256(b"others").hexdigest()})
    with check:
        assert file.begun.wait(patient(60))
    assert not file.is_read_to_its_end, "it was read to its end although nobody asks any more"
    check.require_whole()  # nobody knows of a file that was given up whether it is damaged
