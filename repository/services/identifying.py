"""Masking what a deposit says of people and machines: the field is withheld, by an answer like any other."""

from collections.abc import Collection, Iterable, Mapping
from typing import Protocol

from repository.errors import InvalidMetadataError, NotFoundError
from repository.models import User
from repository.services.answer_writes import Wish
from repository.services.answers import TableChange, write_answers


class Masked(Protocol):
    """A text with the measurements, by field, whose metadata show or withhold it."""

    value: str
    shown: dict[str, list[str]]
    masked: dict[str, list[str]]


def mask_values(
    *, deposit_id: str, actor: User, lines: Iterable[Masked], mask: Collection[str], unmask: Collection[str]
) -> TableChange:
    """Withhold texts in every field of the metadata that shows them, or show again what was withheld.

    The files stay as they are. It is one change of the answers, which is undone by its id.

    Parameters
    ----------
    lines
        What the deposit says, as it was listed.

    Raises
    ------
    NotFoundError
        The deposit says no such thing.
    InvalidMetadataError
        Metadata and exports do not have it: it stands in the original files only.
    """
    known = {line.value: line for line in lines}
    wishes: list[Wish] = []
    for values, act in ((mask, "withheld"), (unmask, "clear")):
        for value in values:
            line = known.get(value)
            if line is None:
                raise NotFoundError(
                    f"Nothing of {deposit_id} says {value[:80]!r}.", hint="Write it as the list has it."
                )
            places: Mapping[str, list[str]] = line.shown if act == "withheld" else line.masked
            if not places and not (line.shown or line.masked):
                raise InvalidMetadataError(
                    f"{value[:80]!r} stands in the original files only, which are published as they are.",
                    pointer="/mask",
                    hint="To keep a file back, keep its measurement private, or send it without that entry.",
                )
            wishes += [
                Wish(field=name, level="measurement", act=act, keys=tuple(ids))  # type: ignore[arg-type]  # two of the words
                for name, ids in places.items()
            ]
    return write_answers(deposit_id=deposit_id, actor=actor, wishes=wishes)
