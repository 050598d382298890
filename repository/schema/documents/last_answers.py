"""What of a person's last deposit may hold for the next one: the rules, and who made it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from repository.schema.documents.levels import ALL, KINDS, OF_ONE_FILE
from repository.schema.documents.presets import list_entries

OF_ONE_SESSION = frozenset({"acquired_at", "title", "notes", "damage_observed", "acquisition_duration"})
"""What was true of those days only."""

OF_EVERY_DATASET = ("creators", "contributors", "funding", "license", "keywords")
"""What a person's datasets share; title, abstract, access and relations are each dataset's own."""


@dataclass(frozen=True, slots=True)
class LastAnswer:
    """One answer of a former deposit, at the level at which it is repeated.

    Attributes
    ----------
    key
        The kind of measurement; empty for all, and for the dataset.
    """

    level: Literal["all", "kind", "dataset"]
    key: str
    field: str
    entry: Any


def list_last_answers(document: Mapping[str, Any]) -> list[LastAnswer]:
    """Return what the document of a former deposit says that is not of its files or days."""
    return [*_list_dataset(document.get("dataset")), *_list_rules(document)]


def _list_dataset(part: Any) -> Iterator[LastAnswer]:
    for key in OF_EVERY_DATASET:
        if isinstance(part, Mapping) and part.get(key):
            yield LastAnswer("dataset", "", key, part[key])


def _list_rules(document: Mapping[str, Any]) -> Iterator[LastAnswer]:
    kinds = document.get(KINDS)
    layers: list[tuple[Literal["all", "kind"], str, Any]] = [("all", "", document.get(ALL))]
    if isinstance(kinds, Mapping):
        layers += [("kind", str(kind), layer) for kind, layer in kinds.items()]
    for level, key, layer in layers:
        for field, entry in list_entries(layer).items() if isinstance(layer, Mapping) else ():
            if field.split(".", maxsplit=1)[0] not in OF_ONE_FILE | OF_ONE_SESSION:
                yield LastAnswer(level, key, field, entry)
