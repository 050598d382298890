"""Write the tables of states from `repository/states.py` into the document, or tell where the committed one differs."""

import sys
from enum import Enum

from django.db.models import TextChoices

from repository.states import DepositMove, DepositState, JobMove, JobState, MeasurementMove, MeasurementState
from tools.written_tables import CHECKOUT, replace_between, write_or_compare

DOCUMENT = "docs/states.md"
TABLES: dict[str, tuple[type[TextChoices], type[Enum]]] = {
    "a deposit": (DepositState, DepositMove),
    "a measurement": (MeasurementState, MeasurementMove),
    "a job": (JobState, JobMove),
}


def render_table(states: type[TextChoices], moves: type[Enum]) -> str:
    """Return the words with what a person reads, then every way between them."""
    words = ", ".join(f"`{value}` ({label})" for value, label in states.choices)
    rows = [
        f"| {name_all(way.sources)} | `{way.target}` | {way.who} | {way.when} | {name_all(way.by)} |"
        for way in (move.value for move in moves)
    ]
    return "\n".join(
        [f"{words}.", "", "| from | to | whose act | when | by |", "| --- | --- | --- | --- | --- |", *rows]
    )


def name_all(names: tuple[str, ...]) -> str:
    """Return names of the program, each as such."""
    return ", ".join(f"`{name!s}`" for name in names)


def replace_tables(text: str) -> str:
    """Return the document with its tables written anew."""
    for what, (states, moves) in TABLES.items():
        begin, end = (f"<!-- {word} of states of {what}: `make states` -->" for word in ("table", "end"))
        text = replace_between(text, begin, end, render_table(states, moves))
    return text


def main() -> int:
    written = replace_tables((CHECKOUT / DOCUMENT).read_text(encoding="utf-8"))
    return 0 if write_or_compare({DOCUMENT: written}, "states") else 1


if __name__ == "__main__":
    sys.exit(main())
