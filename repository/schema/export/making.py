"""How the numbers of a measurement came to be: taken on a microscope, simulated, or made by a program from others.

Every export says it with these words, and none calls a simulation an acquisition.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from repository.schema.export.vocabulary import clean_line
from repository.schema.questions.fields import load_catalogue
from repository.schema.versions.namespaces import NAMESPACE

Activity = Literal["acquisition", "simulation", "processing"]

ACTIVITY_TITLES: dict[Activity, str] = {
    "acquisition": "Acquisition",
    "simulation": "Simulation",
    "processing": "Processing",
}
_KIND_OF_DATA: dict[Activity, str] = {
    "acquisition": "measured",
    "simulation": "simulated",
    "processing": "processed",
}
MICROSCOPY_DATA = "Scanning transmission electron microscopy data"


@dataclass(frozen=True, slots=True, kw_only=True)
class Making:
    """Origin and level of a measurement, and what the depositor said about the program that made it.

    Attributes
    ----------
    origin, level
        Words of the catalogue's vocabularies; a level that nobody stated is None.
    program, version
        What simulated; None for everything else.
    method
        How it was computed or simulated, in the depositor's words.
    inputs
        Ids, DOIs or addresses of the data that it was made from.
    """

    origin: str = "measured"
    level: str | None = None
    program: str | None = None
    version: str | None = None
    method: str | None = None
    inputs: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in ("program", "version", "method"):
            text = getattr(self, name)
            object.__setattr__(self, name, clean_line(text) or None if text else None)
        object.__setattr__(self, "inputs", tuple(filter(None, map(clean_line, self.inputs))))

    @property
    def activity(self) -> Activity:
        """What made the numbers; only an acquisition collects anything on an instrument."""
        if self.origin == "simulated":
            return "simulation"
        if self.origin == "augmented" or self.level == "derived":
            return "processing"
        return "acquisition"


@dataclass(frozen=True, slots=True)
class MakingTerm:
    """A word of the vocabulary `origin` or `level`, as a term that others can point at."""

    scheme: str
    value: str
    title: str

    @property
    def iri(self) -> str:
        return f"{NAMESPACE}{self.scheme}/{self.value}"


def list_making_terms(makings: Iterable[Making]) -> tuple[MakingTerm, ...]:
    """Return what a reader must not mistake for raw measured data, each once: origins and the level `derived`."""
    terms = []
    for making in makings:
        if making.origin != "measured":
            terms.append(_find_term("origin", making.origin))
        if making.level == "derived":
            terms.append(_find_term("level", making.level))
    return tuple(dict.fromkeys(terms))


def describe_kind_of_data(makings: Iterable[Making]) -> str:
    """Return the resource type in words: "Simulated scanning transmission …", "Measured and simulated …"."""
    words = _list_kinds(makings)
    if words == "measured":
        return MICROSCOPY_DATA
    return f"{words.capitalize()} {MICROSCOPY_DATA[0].lower()}{MICROSCOPY_DATA[1:]}"


def describe_dataset_kind(makings: Iterable[Making]) -> str:
    """Return what stands for the kind of a dataset in a citation: "dataset", "simulated dataset"."""
    words = _list_kinds(makings)
    return "dataset" if words == "measured" else f"{words} dataset"


def _list_kinds(makings: Iterable[Making]) -> str:
    nothing_said: set[Activity] = {"acquisition"}
    activities = sorted({making.activity for making in makings} or nothing_said)
    *first, last = (_KIND_OF_DATA[activity] for activity in activities)
    return f"{', '.join(first)} and {last}" if first else last


def _find_term(scheme: str, value: str) -> MakingTerm:
    for term in load_catalogue().vocabularies[scheme]:
        if term.value == value:
            return MakingTerm(scheme, value, term.title)
    return MakingTerm(scheme, value, value.replace("_", " "))
