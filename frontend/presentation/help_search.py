"""Searching the help: sections of guides and fields of the catalogue that hold all the words."""

import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass

from frontend.presentation.field_help import FieldHelp, list_field_groups
from frontend.presentation.guides import GUIDES, read_page

LONGEST_QUERY = 200
MOST_HITS = 40
_AROUND = 90
_TITLE_WEIGHT = 20


@dataclass(frozen=True, slots=True)
class Passage:
    """Something that can be found: where it is, what it is called, its text, and other words for it."""

    address: str
    place: str
    title: str
    text: str
    other_words: str = ""


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage that was found, with the words around the first match."""

    address: str
    place: str
    title: str
    excerpt: str


def search_help(query: str) -> tuple[Hit, ...]:
    """Return what holds every word of the query, what holds them in its title first; at most `MOST_HITS`."""
    words = re.findall(r"[\w.]+", query[:LONGEST_QUERY].casefold())
    if not words:
        return ()
    ranked = [(score, passage) for passage in _list_passages() if (score := _rate(passage, words))]
    ranked.sort(key=lambda pair: -pair[0])
    return tuple(
        Hit(one.address, one.place, one.title, _cut(one.text, words)) for _, one in ranked[:MOST_HITS]
    )


@functools.cache
def _list_passages() -> tuple[Passage, ...]:
    passages = [
        Passage(f"/help/{guide.slug}#{section.anchor}", page.title, section.title, section.text)
        for guide in GUIDES
        for page in [read_page(guide)]
        for section in page.sections
    ]
    passages += [
        Passage(
            field.address,
            group.title,
            field.title,
            f"{field.description} {field.why}".strip(),
            _name_otherwise(field),
        )
        for group in list_field_groups()
        for field in group.fields
    ]
    return tuple(passages)


def _name_otherwise(field: FieldHelp) -> str:
    terms = [word for term in field.words for word in (term.value, term.title)]
    return " ".join([field.path, *field.aliases, *terms])


def _rate(passage: Passage, words: Sequence[str]) -> int:
    title, text = passage.title.casefold(), f"{passage.text} {passage.other_words}".casefold()
    if not all(word in title or word in text for word in words):
        return 0
    return sum(_TITLE_WEIGHT * (word in title) + min(text.count(word), _TITLE_WEIGHT // 2) for word in words)


def _cut(text: str, words: Sequence[str]) -> str:
    """Return the words around the first match."""
    folded = text.casefold()
    places = [place for word in words if (place := folded.find(word)) >= 0]
    begin = max(0, min(places, default=0) - _AROUND)
    end = min(len(text), begin + 2 * _AROUND)
    return f"{'… ' if begin else ''}{text[begin:end].strip()}{' …' if end < len(text) else ''}"
