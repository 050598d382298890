"""Records with one thing changed: slips of the kinds that people make, and changes that keep a record right."""

import copy
import json
import math
from collections.abc import Callable, Iterator, Mapping
from random import Random
from typing import Any

from repository.schema.documents.normalization import normalize_document
from repository.schema.quantities.elements import ELEMENT_SYMBOLS
from repository.schema.quantities.quantity import is_number
from repository.schema.quantities.units import UNITS, convert
from repository.schema.questions.fields import DocumentName, Field, load_catalogue
from repository.schema.questions.limits import find_hard_limits

Document = dict[str, Any]
QUANTITIES = frozenset({"quantity", "quantity_or_series", "series"})
GAPS: tuple[Any, ...] = (
    {"missing": "not_recorded"},
    {"missing": "withheld", "note": "patent"},
    {"missing": "not_applicable"},
    {"missing": "lost"},
    {"missing": "not_recorded", "why": "x"},
)
WRONG: tuple[Any, ...] = (
    7,
    -0.5,
    True,
    "words",
    "",
    [],
    {},
    [1, 2],
    {"value": []},
    {"value": "x"},
    [["a"]],
    1e300,
)


def build_full(kind: DocumentName = "measurement") -> Document:
    """Return a document with a usual value at every field of the catalogue."""
    document: Document = {}
    for path, field in load_catalogue().fields(kind).items():
        if field.kind not in {"group", "objects"}:
            place(document, path.split("."), _SPECIAL[path] if path in _SPECIAL else _make_value(field))
    return normalize_document(document, kind=kind)


def place(document: Document, parts: list[str], value: Any) -> None:
    """Put a value at a dotted path; `[]` makes a list of one."""
    node: Any = document
    for part in parts[:-1]:
        key = part.removesuffix("[]")
        below = node.setdefault(key, {} if key == part else [{}])
        node = below if key == part else below[0]
    node[parts[-1]] = value


_SPECIAL: dict[str, Any] = {
    "technique": ["four_d_stem"],
    "radiation": "electrons",
    "origin": "measured",
    "series": "none",
    "scan": "raster",
    "illumination": "convergent",
    "access": "open",
    "acceleration_voltage": "200 kV",
    "energy_axis.start": "-20 eV",
    "energy_axis.end": "400 eV",
    "annular_detectors[].inner_angle": "68 mrad",
    "annular_detectors[].outer_angle": "200 mrad",
    "segments[].inner_angle": "10 mrad",
    "segments[].outer_angle": "20 mrad",
    "segments[].azimuth_extent": "90 deg",
    "series_times": {"values": [0, 1, 2], "unit": "s"},
    "scan_shape": [64, 64],
    "scan_step": "0.1 nm",
    "scan_crop": [0, 64, 0, 64],
    "camera.name": "K3",
    "aberrations": {"convention": "krivanek", "coefficients": {"C3_0": "1.2 um"}},
    "extensions": {"org.example.lab:run": 7},
    "looked_for": {"probe_current": ["a.b"]},
}


def _make_value(field: Field) -> Any:
    if field.kind in QUANTITIES:
        limits = field.soft or field.hard
        middle = 1.0 if limits is None else _find_middle(*limits)
        quantity = {"unit": field.unit or "V", "source": "depositor", "basis": "nominal"}
        return (
            {"values": [middle, middle], **quantity}
            if field.kind == "series"
            else {"value": middle, **quantity}
        )
    if field.vocabulary is not None:
        word = load_catalogue().words(field.vocabulary)[0]
        return [word] if field.kind == "choices" else word
    usual: dict[str, Any] = {
        "text": "words", "texts": ["words"], "integer": 2, "integers": [0, 0, 1], "number": 1.5, "boolean": False,
        "elements": ["Sr", "Ti"], "shape": [4, 4], "timestamp": "2024-05-02T10:20:00+02:00", "date": "2027-01-31",
        "orcid": "0000-0002-1825-0097", "ror": "https://ror.org/03yrm5c26", "funder_id": "10.13039/501100001659",
        "reference": "10.1038/s41586-018-0298-5", "license": "CC-BY-4.0", "matrix2x2": [[1, 0], [0, 1]],
    }  # fmt: skip
    return usual[field.kind]


def _find_middle(low: float, high: float) -> float:
    return math.sqrt(low * high) if low > 0 else float(f"{low + (high - low) * 0.37:.3g}")


Spot = tuple[Any, Any, Field]
"""The mapping or list that holds an entry, its key there, and the field."""


def mutate(
    document: Mapping[str, Any], rng: Random, kind: DocumentName = "measurement"
) -> tuple[str, Document]:
    """Return the name of what was done and the changed copy, in its stored form."""
    changed = copy.deepcopy(dict(document))
    name, change = rng.choice(MUTATIONS)
    spots = [spot for spot in _list_spots(changed, load_catalogue().fields(kind)) if _fits(name, spot)]
    if spots:
        change(rng, changed, rng.choice(spots))
    changed = {key: entry for key, entry in changed.items() if entry is not None}
    return name, normalize_document(json.loads(json.dumps(changed)), kind=kind)


def _list_spots(document: Document, fields: Mapping[str, Field]) -> list[Spot]:
    return list(_walk(document, "", fields))


def _walk(entry: Any, prefix: str, fields: Mapping[str, Field]) -> Iterator[Spot]:
    for key, child in entry.items():
        path = f"{prefix}{key}"
        if path in fields and fields[path].kind not in {"lookup", "extensions"}:
            yield entry, key, fields[path]
        if isinstance(child, Mapping) and any(name.startswith(f"{path}.") for name in fields):
            yield from _walk(child, f"{path}.", fields)
        elif isinstance(child, list):
            for item in child:
                if isinstance(item, dict):
                    yield from _walk(item, f"{path}[].", fields)


def _fits(name: str, spot: Spot) -> bool:
    holder, key, field = spot
    if name in _ONLY:
        return field.kind in _ONLY[name] and (
            field.kind not in QUANTITIES or (isinstance(holder[key], dict) and "unit" in holder[key])
        )
    return name != "situation" or key in _SITUATION


def _in_other_unit(rng: Random, _: Document, spot: Spot) -> None:
    """Say the same in another accepted unit: nothing becomes wrong by it."""
    holder, key, field = spot
    quantity = holder[key]
    fitting = [unit for unit in field.units if UNITS[unit].dimension == UNITS[quantity["unit"]].dimension]
    unit = rng.choice(fitting or [quantity["unit"]])
    _map_numbers(quantity, lambda number: convert(number, quantity["unit"], unit))
    quantity["unit"] = unit


def _unit(rng: Random, _: Document, spot: Spot) -> None:
    holder, key, _field = spot
    holder[key]["unit"] = rng.choice([*UNITS, "mRad", "KV", "Mv", "furlong", "", "counts", 3, None])


def _scale(rng: Random, _: Document, spot: Spot) -> None:
    factor = rng.choice([-1, 0]) if rng.random() < 0.3 else 10.0 ** rng.randint(-9, 9)
    _map_numbers(spot[0][spot[1]], lambda number: number * factor)


def _to_the_limit(rng: Random, _: Document, spot: Spot) -> None:
    """Put a number on a limit, or one step beyond it, in any accepted unit."""
    holder, key, field = spot
    unit = rng.choice(field.units or ("V",))
    limits = find_hard_limits(field, unit)
    if limits is None:
        return
    end = rng.choice(limits)
    beyond = math.inf if end == limits[1] else -math.inf
    number = rng.choice([end, math.nextafter(end, beyond)])
    holder[key]["unit"] = unit
    _map_numbers(holder[key], lambda _number: number)


def _map_numbers(quantity: Document, change: Callable[[float], float]) -> None:
    for name in ("value", "values", "range"):
        found: Any = quantity.get(name)
        if is_number(found):
            quantity[name] = change(found)
        elif isinstance(found, list):
            quantity[name] = [change(number) if is_number(number) else number for number in found]


def _range(rng: Random, _: Document, spot: Spot) -> None:
    quantity: Any = spot[0][spot[1]]
    number: Any = quantity.pop("value", 1.0)
    number = number[0] if isinstance(number, list) else number
    ends = sorted([number, number * 1.1])
    quantity.pop("values", None)
    quantity["range"] = rng.choice([ends, ends[::-1], ends[:1], [*ends, 1], "a-b"])


def _uncertainty(rng: Random, _: Document, spot: Spot) -> None:
    spot[0][spot[1]]["uncertainty"] = rng.choice([0.1, 0, -0.1, "0.1", None, [1]])


def _provenance(rng: Random, _: Document, spot: Spot) -> None:
    holder, key, _field = spot
    entry = holder[key] if isinstance(holder[key], dict) else {"value": holder[key]}
    words = rng.choice([("source", "header"), ("source", "guess"), ("basis", "measured"), ("basis", "x"), ("note", "n"),
                        ("origin_key", "a/b"), ("calibrated_from", ""), ("quality", 1)])  # fmt: skip
    holder[key] = {**entry, words[0]: words[1]}


def _wrong_type(rng: Random, _: Document, spot: Spot) -> None:
    holder, key, _field = spot
    wrong = rng.choice(WRONG)
    if isinstance(holder[key], dict) and "value" in holder[key] and rng.random() < 0.5:
        holder[key]["value"] = wrong
    else:
        holder[key] = wrong


def _unknown_key(rng: Random, document: Document, spot: Spot) -> None:
    place = rng.choice([document, spot[0]])
    place[rng.choice(["beam_energy", "x", "Technique", "missing_", "unit_"])] = rng.choice(WRONG)


def _gap(rng: Random, document: Document, spot: Spot) -> None:
    top = rng.choice([*document])
    holder, key = rng.choice([(spot[0], spot[1]), (document, top)])
    holder[key] = rng.choice(GAPS)


def _drop(rng: Random, document: Document, spot: Spot) -> None:
    if rng.random() < 0.5:
        spot[0].pop(spot[1], None)
    else:
        document.pop(rng.choice([*document]))


def _word(rng: Random, _: Document, spot: Spot) -> None:
    holder, key, field = spot
    words = load_catalogue().words(str(field.vocabulary))
    chosen = rng.choice([*words, words[0].upper(), f"{words[-1]}s", " ", 3])
    holder[key] = [chosen, *rng.choice([[], [words[0]]])] if field.kind == "choices" else chosen


def _element(rng: Random, _: Document, spot: Spot) -> None:
    symbols = rng.sample(sorted(ELEMENT_SYMBOLS), 2)
    spot[0][spot[1]] = rng.choice([symbols, [*symbols, "Xx"], ["ti"], ["Sr", 3], ["Srr"], [], ["D"], ["H"]])


def _date(rng: Random, _: Document, spot: Spot) -> None:
    holder, key, field = spot
    day = f"{rng.choice([1900, 2000, 2023, 2024, 2027, 0, 9999]):04}-{rng.randint(0, 13):02}-{rng.randint(0, 32):02}"
    clock = f"T{rng.randint(0, 25):02}:{rng.choice(['00', '59', '60'])}" + rng.choice(
        ["", ":30", ":60", ":30.25"]
    )
    zone = rng.choice(["", "Z", "+01:00", "-23:59", "+24:00", "+01", "z"])
    holder[key] = (
        day if field.kind == "date" else rng.choice([day + clock + zone, day, {"value": day + clock}])
    )


_SITUATION: dict[str, tuple[Any, ...]] = {
    "technique": (["annular"], ["eels"], ["derived_table"], ["other"], ["four_d_stem", "eels"], ["tem_image"],
                  ["eds"], ["cathodoluminescence"], ["segmented_detector"], ["diffraction_pattern"], ["haadf"]),
    "origin": ("simulated", "augmented"),
    "series": ("time", "tilt", "temperature"),
    "scan": ("none", "point", "line", "positions"),
    "illumination": ("parallel", "precession"),
    "radiation": ("ions", "photons", "none"),
    "purpose": (["ptychography"], ["imaging", "ptychography"]),
    "in_situ": (True,),
    "momentum_resolved": (True,),
    "access": ("embargoed", "restricted"),
}  # fmt: skip


def _situation(rng: Random, document: Document, spot: Spot) -> None:
    holder, key, _field = spot
    holder[key] = rng.choice(_SITUATION[key])
    if rng.random() < 0.5 and len(document) > 1:
        document.pop(rng.choice([name for name in document if name != key]))


_ONLY: dict[str, frozenset[str]] = {
    "in other unit": frozenset({"quantity", "quantity_or_series"}),
    "unit": QUANTITIES,
    "scale": QUANTITIES,
    "to the limit": QUANTITIES,
    "range": frozenset({"quantity", "quantity_or_series"}),
    "uncertainty": QUANTITIES,
    "word": frozenset({"choice", "choices"}),
    "element": frozenset({"elements"}),
    "date": frozenset({"timestamp", "date"}),
}
MUTATIONS: tuple[tuple[str, Callable[[Random, Document, Spot], None]], ...] = (
    ("in other unit", _in_other_unit),
    ("unit", _unit),
    ("scale", _scale),
    ("to the limit", _to_the_limit),
    ("range", _range),
    ("uncertainty", _uncertainty),
    ("provenance", _provenance),
    ("wrong type", _wrong_type),
    ("unknown key", _unknown_key),
    ("gap", _gap),
    ("drop", _drop),
    ("word", _word),
    ("element", _element),
    ("date", _date),
    ("situation", _situation),
)
