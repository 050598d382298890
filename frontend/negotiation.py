"""Which of several representations a request asks for (RFC 9110, section 12.5.1). Pure."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

_ITEM = re.compile(r'(?:[^,"]|"(?:\\.|[^"\\])*")+')
_PART = re.compile(r'(?:[^;"]|"(?:\\.|[^"\\])*")+')
_TOKEN = r"[!#$%&'*+.^_`|~0-9a-z-]+"  # noqa: S105  # the grammar's name
_RANGE = re.compile(rf"(?P<type>{_TOKEN})/(?P<subtype>{_TOKEN})")
_WEIGHT = re.compile(r"0(?:\.\d{0,3})?|1(?:\.0{0,3})?")
_MOST_ITEMS = 100  # nobody knows so many formats; a longer list is read no further

# How exactly a range names a representation; the most exact one decides its weight.
_ANYTHING, _ANY_SUBTYPE, _WITH_PARAMETERS, _EXACT, _PROFILE = range(5)
_WITH_PROFILE = ";profile="


@dataclass(frozen=True, slots=True)
class MediaRange:
    """One entry of an Accept header.

    Attributes
    ----------
    has_parameters
        Parameters besides the weight narrow the range; our representations have a charset and some a profile.
    profiles
        The profiles that it asks for, in lower case.
    """

    type: str
    subtype: str
    weight: float
    position: int
    has_parameters: bool = False
    profiles: tuple[str, ...] = ()

    def match(self, representation: str) -> int | None:
        """Return how exactly the range names a representation; None where it does not."""
        media_type, _, profile = representation.lower().partition(_WITH_PROFILE)
        kind, _, subtype = media_type.partition("/")
        if self.type == "*":
            return _ANYTHING if self.subtype == "*" else None
        if self.type != kind:
            return None
        if self.subtype == "*":
            return _ANY_SUBTYPE
        if self.subtype != subtype:
            return None
        if profile and self.profiles:
            return _PROFILE if profile in self.profiles else None
        return _WITH_PARAMETERS if profile or self.has_parameters else _EXACT


def parse_accept(header: str) -> list[MediaRange]:
    """Return the ranges of an Accept header; what is no range is passed over."""
    return list(_read_ranges(header))


def choose_representation(
    header: str | None, offered: Sequence[str], aliases: Mapping[str, str] | None = None
) -> str | None:
    """Return the representation that suits best; None where the request excludes all of them.

    Parameters
    ----------
    header
        The Accept header. Without one, or where nothing in it can be read, the first offer is taken.
    offered
        Media types in lower case, the server's favourite first; `type/subtype;profile=URI` where only the profile tells
        one from another of the same type.
    aliases
        Other names by which an offered representation may be asked for.

    Notes
    -----
    Of equal weights the more exactly named one wins, then the one that was named first, then the server's favourite.
    """
    ranges = [_resolve(each, aliases or {}) for each in parse_accept(header or "")]
    if not ranges:
        return offered[0]
    best: tuple[float, int, int] | None = None
    chosen = None
    for representation in offered:
        rank = _rank(representation, ranges)
        if rank is not None and rank[0] > 0 and (best is None or rank > best):
            best, chosen = rank, representation
    return chosen


def _resolve(entry: MediaRange, aliases: Mapping[str, str]) -> MediaRange:
    media_type, _, profile = aliases.get(f"{entry.type}/{entry.subtype}", "").partition(_WITH_PROFILE)
    kind, _, subtype = media_type.partition("/")
    if not subtype:
        return entry
    profiles = (profile.lower(),) if profile else entry.profiles
    return replace(entry, type=kind, subtype=subtype, profiles=profiles)


def _rank(representation: str, ranges: Sequence[MediaRange]) -> tuple[float, int, int] | None:
    """Return (weight, exactness, earliness) by the range that names the representation most exactly."""
    matching = [(found, each) for each in ranges if (found := each.match(representation)) is not None]
    if not matching:
        return None
    exactness = max(found for found, _ in matching)
    deciding = max((each for found, each in matching if found == exactness), key=lambda each: each.weight)
    # Nobody names a format by a wildcard: where one is, its place in the list says nothing.
    earliness = -deciding.position if exactness > _ANY_SUBTYPE else -_MOST_ITEMS
    return deciding.weight, exactness, earliness


def _read_ranges(header: str) -> Iterator[MediaRange]:
    for position, item in enumerate(_ITEM.findall(header)[:_MOST_ITEMS]):
        name, *parameters = [part.strip() for part in _PART.findall(item)] or [""]
        match = _RANGE.fullmatch(name.lower())
        if match is None or (match["type"] == "*" and match["subtype"] != "*"):
            continue
        weight, has_parameters = 1.0, False
        profiles: tuple[str, ...] = ()
        for parameter in parameters:
            key, _, value = (part.strip().lower() for part in parameter.partition("="))
            if key == "q":
                weight = _read_weight(value)
                break  # what follows the weight belongs to no media type
            if key and (key, value.strip('"')) != ("charset", "utf-8"):
                has_parameters = True
            if key == "profile":
                profiles = tuple(value.strip('"').split())
        yield MediaRange(match["type"], match["subtype"], weight, position, has_parameters, profiles)


def _read_weight(text: str) -> float:
    """Return a weight; one that cannot be read is an entry that nobody meant to exclude."""
    return float(text) if _WEIGHT.fullmatch(text) else 1.0
