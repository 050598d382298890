"""One document from what the file and people say: values keep their source, conflicts are listed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from repository.schema.documents.comparison import describe_difference
from repository.schema.documents.levels import CALIBRATIONS, INSTRUMENTS, KINDS, choose_rules, is_rule
from repository.schema.documents.normalization import normalize_document
from repository.schema.documents.worked_out import fill_worked_out
from repository.schema.findings import Finding
from repository.schema.places import escape_pointer, get_plain, is_gap, is_value
from repository.schema.quantities.signals import SignalShape
from repository.schema.questions.field_tree import Node, build_tree

_RECORDS = {INSTRUMENTS: "instrument", CALIBRATIONS: "calibration"}
UNTAGGED = frozenset({"technique", "scan", "series", "origin", "level", "looked_for", "extensions", "axes"})
"""Words that decide what is asked; they stay plain, without provenance."""


@dataclass(frozen=True, slots=True)
class MergedMetadata:
    """The document to judge and publish, and where people and files disagree (code `header_conflict`)."""

    document: dict[str, Any]
    conflicts: list[Finding]


def merge_metadata(
    *,
    header: Mapping[str, Any],
    supplied_layers: Sequence[tuple[str, Mapping[str, Any]]],
    signals: Sequence[SignalShape] | None = None,
) -> MergedMetadata:
    """Merge the mapped vendor header with what was supplied, later layers over earlier ones.

    A person's value for a file is used where one was given. A rule (for all, or for a kind) fills what the header
    does not say, where the question applies to the techniques; it never stands over what this very file says. So do
    calibrations that were taken for the file. What an instrument record says fills what none of these says. Where
    person and header differ by more than 2 % (or at all, for shapes and choices), a warning holds both in the same
    unit. "Not recorded" hides no value, wherever that stands; "withheld" and "not applicable" do.

    Parameters
    ----------
    header
        Document mapped from the vendor header; its values get `source: header`.
    supplied_layers
        (label, document) pairs, as `select_supplied` gives them. What an instrument record says is marked by its label.
    signals
        The arrays, where they are known: what they show is filled in where nobody says it.
    """
    tree = build_tree("measurement")
    from_file = _tag(normalize_document(header), tree, "header")
    normal = [(label, normalize_document(layer)) for label, layer in supplied_layers]
    layers = choose_rules(normal, _find_situation(from_file, normal))
    supplied: dict[str, Any] = {}
    named: dict[str, Any] = {}
    for label, layer in layers:
        record = next((source for part, source in _RECORDS.items() if label.startswith(f"{part}/")), None)
        said = layer if record is None else _tag(layer, tree, record)
        supplied = _overlay(supplied, said, tree)
        if not is_rule(label):
            named = _overlay(named, said, tree)
    conflicts: list[Finding] = []
    document = _combine(from_file, supplied, named, _Place(tree, "", conflicts))
    return MergedMetadata(document=fill_worked_out(document, signals), conflicts=conflicts)


def _find_situation(
    header: Mapping[str, Any], layers: Sequence[tuple[str, Mapping[str, Any]]]
) -> dict[str, Any]:
    """Return what decides which rules apply: the words of the nearest layer that has them."""
    known = [header, *(layer for label, layer in layers if not label.startswith(f"{KINDS}/"))]
    return {
        key: word
        for key in ("technique", "origin")
        if (word := next((one[key] for one in reversed(known) if is_value(one.get(key))), None)) is not None
    }


@dataclass(frozen=True, slots=True)
class _Place:
    """Where in the document two statements meet, and where their differences are noted."""

    node: Node
    pointer: str
    conflicts: list[Finding]

    def below(self, key: str, node: Node) -> "_Place":
        return _Place(node, f"{self.pointer}/{escape_pointer(key)}", self.conflicts)


def _tag(entry: Mapping[str, Any], node: Node, source: str) -> dict[str, Any]:
    """Return the group with its source on every value that states none; items of lists keep plain names."""
    tagged = {}
    for key, child in entry.items():
        below = node.children.get(key)
        if below is None or key in UNTAGGED or is_gap(child):
            tagged[key] = child
        elif isinstance(child, list) and below.children:
            tagged[key] = [_tag_item(item, below, source) for item in child]
        elif below.children and isinstance(child, Mapping):
            tagged[key] = _tag(child, below, source)
        else:
            tagged[key] = _tag_leaf(child, source)
    return tagged


def _tag_item(item: Any, node: Node, source: str) -> Any:
    if not isinstance(item, Mapping):
        return item
    return {
        key: _tag_leaf(child, source)
        if key in node.children and isinstance(child, Mapping) and not is_gap(child)
        else child
        for key, child in item.items()
    }


def _tag_leaf(child: Any, source: str) -> Any:
    if isinstance(child, Mapping):
        stated = child.get("source")
        return {**child, "source": source if stated in {None, "depositor"} else stated}
    return {"value": child, "source": source}


def _overlay(below: Mapping[str, Any], above: Mapping[str, Any], node: Node) -> dict[str, Any]:
    """Return `below` overlaid with `above`: groups are merged, everything else is replaced."""
    merged = dict(below)
    for key, child in above.items():
        inner = node.children.get(key)
        known = merged.get(key)
        if inner is not None and inner.children and known is not None and _are_groups(known, child):
            merged[key] = _overlay(known, child, inner)
        elif key == "extensions" and isinstance(known, Mapping) and isinstance(child, Mapping):
            merged[key] = {**known, **child}
        elif not (_is_not_recorded(child) and is_value(known)):
            merged[key] = child
    return merged


def _is_not_recorded(entry: Any) -> bool:
    return isinstance(entry, Mapping) and entry.get("missing") == "not_recorded"


def _are_groups(first: Any, second: Any) -> bool:
    return (
        isinstance(first, Mapping)
        and isinstance(second, Mapping)
        and not is_gap(first)
        and not is_gap(second)
    )


def _combine(
    header: Mapping[str, Any], supplied: Mapping[str, Any], named: Mapping[str, Any], place: _Place
) -> dict[str, Any]:
    """Return the header with what was supplied; `named` is the part of that which was said of this file by name."""
    combined = dict(header)
    for key, given in supplied.items():
        inner = place.node.children.get(key)
        if key not in header:
            combined[key] = given
        elif inner is not None:
            combined[key] = _combine_entry(header[key], given, named.get(key), place.below(key, inner))
        elif key == "extensions" and _are_groups(header[key], given):
            combined[key] = {**header[key], **given}
        else:
            combined[key] = given
    return combined


def _combine_entry(found: Any, given: Any, named: Any, place: _Place) -> Any:
    if place.node.key == "looked_for":
        return found
    if is_gap(given):
        return _combine_gap(found, given, place)
    return _combine_values(found, given, named, place) if is_value(found) else given


def _combine_values(found: Any, given: Any, named: Any, place: _Place) -> Any:
    node = place.node
    if node.children and _are_groups(found, given):
        return _combine(found, given, named if isinstance(named, Mapping) else {}, place)
    if node.children and isinstance(found, list) and isinstance(given, list):
        return _combine_lists(found, given, is_named=named is not None, place=place)
    if node.field is None or node.key in UNTAGGED:
        return given
    difference = describe_difference(node.field, found, given)
    if difference is not None:
        place.conflicts.append(_report_conflict(place, difference, given, is_named=named is not None))
    return found if named is None else given


def _combine_gap(found: Any, given: Any, place: _Place) -> Any:
    if not is_value(found):
        return given
    title = place.node.field.title if place.node.field is not None else place.node.key
    keep_header = _is_not_recorded(given)
    used = "the file's value is used" if keep_header else "the declaration is used"
    place.conflicts.append(
        Finding(
            "info",
            "gap_has_header_value",
            f"{title} is declared as missing, but the file's header has it; {used}.",
            place.pointer,
            'To hide a value that the file has, declare "withheld" or "not_applicable".',
            "cross_field",
        )
    )
    return found if keep_header else given


def _combine_lists(found: list[Any], given: list[Any], *, is_named: bool, place: _Place) -> list[Any]:
    """Merge entries of the same name; a list that shares no name with the header's replaces it, unless it is a rule."""
    if place.node.key == "links":
        return [*found, *(link for link in given if link not in found)]
    names = [_name_of(item) for item in found]
    if not any(name is not None and name in names for name in map(_name_of, given)):
        return given if is_named else found
    merged = list(found)
    for item in given:
        name = _name_of(item)
        if name is not None and name in names and isinstance(item, Mapping):
            number = names.index(name)
            merged[number] = _combine(
                found[number], item, item if is_named else {}, place.below(str(number), place.node)
            )
        else:
            merged.append(item)
    return merged


def _name_of(item: Any) -> str | None:
    name = get_plain(item.get("name")) if isinstance(item, Mapping) else None
    return name if isinstance(name, str) else None


def _report_conflict(place: _Place, difference: tuple[str, str], entry: Any, *, is_named: bool) -> Finding:
    title = place.node.field.title if place.node.field is not None else place.node.key
    given, found = difference
    if is_named:
        message = f"{title}: {given} was given, the file's header says {found}."
        hint = (
            "Readers are shown the given value. Remove it to use the header's, correct it, or note why the "
            "header is off."
        )
    elif isinstance(entry, Mapping) and entry.get("source") == "instrument":
        message = f"{title}: {given} in the preset of the instrument, the header of this file says {found}."
        hint = (
            "Readers are shown the header's value. If it is off, give the preset's for this file; else look "
            "whether the preset held on that day."
        )
    elif isinstance(entry, Mapping) and entry.get("source") == "calibration":
        which = entry.get("calibration", "that was taken")
        message = f"{title}: {given} by the calibration {which}, the header of this file says {found}."
        hint = (
            "Readers are shown the header's value. If it is off, take the calibration over it for this file; else "
            "take the calibration back."
        )
    else:
        message = f"{title}: {given} was given for several files, the header of this one says {found}."
        hint = (
            "Readers are shown the header's value. If it is off, give the value for this file; else say that "
            "the file differs."
        )
    return Finding("warning", "header_conflict", message, place.pointer, hint, "cross_field")
