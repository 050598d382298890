"""What a document says of other files of its deposit: links with a role, and leaving out those to what is withheld."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from repository.schema.documents.path_patterns import matches_pattern


@dataclass(frozen=True, slots=True)
class UntoldLink:
    """A link that a version does not name, because it leads to what the version does not hold."""

    role: str
    target: str


@dataclass(frozen=True, slots=True)
class ToldDocument:
    """What a person supplied, without links to what is withheld; and which those are."""

    document: Mapping[str, Any]
    untold: tuple[UntoldLink, ...] = ()


def has_links(document: Mapping[str, Any]) -> bool:
    """Return whether any layer of a supplied document links to something."""
    return any(isinstance(layer.get("links"), list) for _, layer in _list_layers(document))


def drop_links(
    document: Mapping[str, Any], *, withheld: Collection[str], told: Collection[str]
) -> ToldDocument:
    """Return a supplied document without the links that lead only to what is withheld.

    Parameters
    ----------
    withheld, told
        Paths and ids of what the version will not hold, and of what it will.
    """
    untold: list[UntoldLink] = []

    def is_untold(link: Any) -> bool:
        target = _read_target(link)
        leads = bool(target) and _names(target, withheld) and not _names(target, told)
        if leads:
            untold.append(UntoldLink(str(link.get("role") or ""), target))
        return leads

    def without(layer: Any) -> Any:
        if not isinstance(layer, Mapping) or not isinstance(layer.get("links"), list):
            return layer
        kept = [link for link in layer["links"] if not is_untold(link)]
        rest = {key: value for key, value in layer.items() if key != "links"}
        return {**rest, "links": kept} if kept else rest

    changed = dict(document)
    if isinstance(document.get("defaults"), Mapping):
        changed["defaults"] = without(document["defaults"])
    if isinstance(document.get("measurements"), Mapping):
        changed["measurements"] = {key: without(layer) for key, layer in document["measurements"].items()}
    return ToldDocument(changed, tuple(untold)) if untold else ToldDocument(document)


def _read_target(link: Any) -> str:
    target = link.get("target") if isinstance(link, Mapping) else None
    return target.strip() if isinstance(target, str) else ""


def _names(target: str, names: Collection[str]) -> bool:
    """Return whether a link's target is one of these: its path or a pattern, its id, or an address that ends in it."""
    last = target.rstrip("/").rpartition("/")[2]
    return last in names or any(matches_pattern(name, target) for name in names)


def _list_layers(document: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    defaults, measurements = document.get("defaults"), document.get("measurements")
    if isinstance(defaults, Mapping):
        yield "defaults", defaults
    for pattern, layer in measurements.items() if isinstance(measurements, Mapping) else ():
        if isinstance(layer, Mapping):
            yield str(pattern), layer
