"""Which files belong together where a person knows better than the formats' own rules."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Group:
    """The files of one measurement, the primary one first, and the format that reads them."""

    format: str
    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a person puts a file.

    Attributes
    ----------
    place
        `own`: a measurement of its own; `alone`: part of none; `with`: part of the one that `beside` leads.
    """

    place: str
    beside: str = ""


def apply_placements(
    groups: Iterable[Group], placements: Mapping[str, Placement], formats: Mapping[str, str]
) -> list[Group]:
    """Return the groups as a person wants them, by primary path; what nobody placed stays where it is.

    A measurement whose primary file goes elsewhere is none any more, and its other files are part of none. A file that
    is to go with one that leads no measurement stays where it was.

    Parameters
    ----------
    formats
        Format of each file that opens a measurement by itself.
    """
    recognized = list(groups)
    own = {path for path, one in placements.items() if one.place == "own" and path in formats}
    leading = {group.paths[0] for group in recognized} | own
    leading -= {path for path, one in placements.items() if one.place in {"alone", "with"}}
    joining = {
        path: one.beside
        for path, one in placements.items()
        if one.place == "with" and one.beside in leading and path != one.beside
    }
    moved = own | set(joining) | {path for path, one in placements.items() if one.place == "alone"}
    kept: dict[str, Group] = {}
    for group in recognized:
        primary = group.paths[0]
        if primary in joining or (primary in moved and primary not in own):
            continue
        rest = tuple(path for path in group.paths[1:] if path not in moved)
        kept[primary] = Group(group.format, (primary, *rest))
    for path in sorted(own - set(kept)):
        kept[path] = Group(formats[path], (path,))
    for path, beside in sorted(joining.items()):
        group = kept[beside]
        kept[beside] = Group(group.format, (*group.paths, path))
    return [kept[primary] for primary in sorted(kept)]
