"""Masking what a deposit says of people and machines: the field is withheld, by an answer like any other."""

from collections.abc import Collection, Iterable, Mapping
from typing import Protocol

from repository.errors import InvalidMetadataError, NotFoundError
from repository.models import User
from repository.services.answer_writes import Wish
from repository.services.answers import TableChange, write_answers

_WRITTEN_BY_HAND = frozenset({"extensions"})
"""What only people write, without a schema: it is no field of the table, and stays shown until they take it out."""


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
    known = {_spell(line.value): line for line in lines}
    wishes: list[Wish] = []
    for values, act in ((mask, "withheld"), (unmask, "clear")):
        for value in values:
            line = known.get(_spell(value))
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
            if places and {*line.shown, *line.masked} <= _WRITTEN_BY_HAND:
                raise InvalidMetadataError(
                    f"{value[:80]!r} stands in {', '.join(places)}, which no answer withholds.",
                    pointer="/mask",
                    hint="Take it out of the description where somebody wrote it.",
                )
            wishes += [
                Wish(field=name, level="measurement", act=act, keys=tuple(ids))  # type: ignore[arg-type]  # two of the words
                for name, ids in places.items()
                if name not in _WRITTEN_BY_HAND
            ]
    change = write_answers(deposit_id=deposit_id, actor=actor, wishes=wishes)
    refused = next((one for one in change.results if one.result == "refused"), None)
    if refused is not None:
        raise InvalidMetadataError(
            f"{refused.field} of {refused.path or deposit_id} cannot be withheld: {refused.message}",
            pointer="/mask" if mask else "/unmask",
            hint="Nothing was changed. Correct the description where it says this.",
        )
    return change


def _spell(value: str) -> str:
    """Return a text as it is looked up: forms of pages send the ends of its lines otherwise."""
    return "\n".join(value.splitlines()).strip()
