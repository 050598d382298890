"""The rings of annular detectors as one text, as people write them: "HAADF 68–200 mrad; BF 0–10 mrad".

Two edges of one ring are one answer; in a record they are two fields.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from repository.schema.documents.levels import is_of_one_file
from repository.schema.places import get_plain, is_gap
from repository.schema.quantities.quantity import QuantityTextError, is_number, parse_quantity_text
from repository.schema.quantities.typed_numbers import write_number

RINGS = "annular_detectors"
EDGES = ("inner_angle", "outer_angle")
_MOST_WORDS = 12
"""Of the name of a detector, and of the numbers behind it."""


class RingTextError(ValueError):
    """The text names no ring: two edges are missing in one of its parts, or rings do not go with detectors."""


def read_rings(text: str, *, unit: str | None = None) -> list[dict[str, Any]]:
    """Return one entry for each ring of a text, parted by semicolons: name where one is written, and both edges.

    Parameters
    ----------
    unit
        Of edges that are typed without one, where the place they were typed into says it.

    Raises
    ------
    RingTextError
        A part has no two edges, or they run backwards.
    """
    parts = [part.strip() for part in text.split(";") if part.strip()]
    if not parts:
        raise RingTextError("no ring is written.")
    return [_read_ring(part, unit) for part in parts]


def _read_ring(text: str, unit: str | None) -> dict[str, Any]:
    words = text.split()
    for first in range(min(len(words), _MOST_WORDS)):
        try:
            edges = parse_quantity_text(" ".join(words[first:]), unit=unit)
        except QuantityTextError:
            continue
        if "range" in edges:
            if edges["range"][0] >= edges["range"][1]:
                raise RingTextError(f'"{text[:40]}": the outer angle is not larger than the inner one.')
            name = " ".join(words[:first]).rstrip(":")
            more = {"unit": edges["unit"]} if "unit" in edges else {}
            if not words[first][
                0
            ].isdigit():  # "~60-200 mrad"; a range alone says nothing of how its ends are known
                more["basis"] = "estimated"
            ring = {key: {"value": edge, **more} for key, edge in zip(EDGES, edges["range"], strict=True)}
            return {"name": name, **ring} if name else ring
    raise RingTextError(f'"{text[:40]}" has no inner and outer angle.')


def join_rings(known: Any, given: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the rings that were given with what is known beside their edges, such as the array that each gave.

    Rings go with the detectors of their names, and without names with those that are known, in their order.

    Raises
    ------
    RingTextError
        There are other numbers of them.
    """
    detectors = [dict(one) for one in known if isinstance(one, Mapping)] if isinstance(known, list) else []
    if not detectors or any("name" in ring for ring in given):
        by_name = {get_plain(one.get("name")): one for one in detectors}
        return [{**by_name.get(ring.get("name"), {}), **ring} for ring in given]
    if len(detectors) != len(given):
        raise RingTextError(f"{len(given)} rings were given for {len(detectors)} detectors.")
    return [{**one, **ring} for one, ring in zip(detectors, given, strict=True)]


def format_rings(entries: Sequence[Any]) -> str:
    """Return the rings as a cell shows them; an edge that is not said is a question mark."""
    return "; ".join(_format_ring(one) for one in entries if isinstance(one, Mapping))


def _format_ring(ring: Mapping[str, Any]) -> str:
    inner, outer = (ring.get(key) for key in EDGES)
    name = get_plain(ring.get("name"))
    told = [str(name)] if name and not is_gap(name) else []
    numbers = [_find_plain(edge) for edge in (inner, outer)]
    units = {unit for found in numbers if found for unit in found[1:]}
    if all(numbers) and len(units) == 1:
        told.append(f"{'–'.join(found[0] for found in numbers if found)} {units.pop()}")
    else:
        told.append(f"{_format_edge(inner)} – {_format_edge(outer)}")
    return " ".join(told)


def _find_plain(edge: Any) -> tuple[str, str] | None:
    """Return number and unit of an edge that is one number."""
    if not isinstance(edge, Mapping) or not is_number(edge.get("value")):
        return None
    return write_number(edge["value"]), str(edge.get("unit", ""))


def _format_edge(edge: Any) -> str:
    if is_gap(edge):
        return str(edge["missing"]).replace("_", " ")
    if isinstance(edge, Mapping) and isinstance(edge.get("range"), list):
        return f"({'–'.join(map(write_number, edge['range']))} {edge.get('unit', '')})"
    return " ".join(_find_plain(edge) or "?")


def is_for_chosen_files(field: str) -> bool:
    """Say whether the table takes a field for chosen files only: what is a file's own, and parts of lists."""
    return is_of_one_file(field) or field == RINGS or "[]" in field
