"""What an instrument is known to give under which conditions, and which of it speaks of a measurement.

A preset belongs to an instrument record: dated, with conditions (voltage, probe mode, aperture, spot, camera length)
and the values that hold under them. It fits a measurement of its time that says each of the conditions.
"""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from repository.schema.documents.levels import place_entry
from repository.schema.places import find_entries, get_entry, get_plain, is_gap, is_value
from repository.schema.quantities.quantity import read_quantity
from repository.schema.questions.field_tree import Node, build_tree

CONDITION_FIELDS = (
    "acceleration_voltage",
    "lens_mode",
    "condenser_aperture",
    "spot_size",
    "gun_lens",
    "camera_length",
    "camera.name",
    "spectrometer.entrance_aperture",
)
"""What a person sets at the instrument, and what headers say of it: by these a preset is chosen."""

APPARATUS = frozenset({"camera.name"})
"""Conditions that are no setting: which camera a file comes from is not chosen for many files at once."""

NEVER_IN_PRESETS = frozenset(
    {
        *("technique", "scan", "series", "origin", "level", "title", "notes", "purpose", "axes", "links"),
        *("acquired_at", "acquisition_duration", "looked_for", "extensions", "processing_steps"),
        *("scan_shape", "scan_step", "scan_positions", "scan_rotation", "scan_crop", "pixel_size"),
        *("dwell_time", "exposure_time", "live_time", "frames_summed", "defocus", "damage_observed"),
        *(
            "electron_fluence",
            "electron_flux",
            "cumulative_electron_fluence",
            "magnification",
            "vacuum_probe",
        ),
        *("sample", "environment", "simulation", "derivation", "low_loss", "energy_axis", "wavelength_axis"),
    }
)
"""What one measurement says of itself, by its first key: no instrument knows it in advance."""

TOLERANCE = 0.01
"""Of conditions that are quantities: 79.98 kV is 80 kV, and 27 um is no 30 um."""

Known = tuple[str, Any]


@dataclass(frozen=True, slots=True)
class Preset:
    """One preset of an instrument record, in the form that documents are stored in.

    Attributes
    ----------
    conditions
        By field: an entry, such as `{"value": 80, "unit": "kV"}`. Of no conditions it holds always.
    values
        A document of the fields that hold under them.
    valid_from, valid_to
        First and last day, both included; without a last day it still holds.
    """

    id: str
    name: str
    conditions: Mapping[str, Any]
    values: Mapping[str, Any]
    valid_from: dt.date
    valid_to: dt.date | None = None

    def holds_on(self, day: dt.date | None) -> bool:
        """Say whether it holds on a day; of an unknown day only what still holds is said."""
        if day is None:
            return self.valid_to is None
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


@dataclass(frozen=True, slots=True)
class PresetMatch:
    """What the presets of an instrument say of one measurement.

    Attributes
    ----------
    fitting
        Those that hold, the more general first.
    values
        What they say together: of two presets the one with more conditions wins, then the one that is newer.
    contested
        Fields of which presets of the same rank say different things: none is used.
    open
        Presets that would hold if a condition was known which the measurement does not say, and what it is.
    """

    fitting: tuple[Preset, ...]
    values: Mapping[str, Any]
    contested: tuple[str, ...] = ()
    open: tuple[tuple[Preset, tuple[str, ...]], ...] = ()


class PresetBook:
    """The presets of one instrument, read once for many measurements.

    Measurements that agree in day and conditions are looked up once: 3,000 measurements of a session have a few dozen
    different ones, whatever the number of presets.
    """

    def __init__(self, presets: Iterable[Preset]) -> None:
        self._presets = [
            (preset, tuple((field, read_condition(entry)) for field, entry in preset.conditions.items()))
            for preset in presets
        ]
        self._by_id = {preset.id: preset for preset, _ in self._presets}
        self._known: dict[tuple[object, ...], PresetMatch] = {}

    def find(self, preset_id: str) -> Preset | None:
        """Return the preset of an id; None where the instrument has none."""
        return self._by_id.get(preset_id)

    def match(self, document: Mapping[str, Any], *, chosen: Sequence[str] = ()) -> PresetMatch:
        """Return what the presets say of a measurement.

        Parameters
        ----------
        document
            What is known of it: header and answers.
        chosen
            Ids of presets that a person chose for it: the settings that nobody said are said by that, but nothing goes
        over what is known.
        """
        day = read_day(document)
        said = tuple(read_condition(get_entry(document, field)) for field in CONDITION_FIELDS)
        key = (day, said, tuple(chosen))
        if key not in self._known:
            self._known[key] = self._look_up(
                day, dict(zip(CONDITION_FIELDS, said, strict=True)), frozenset(chosen)
            )
        return self._known[key]

    def _look_up(
        self, day: dt.date | None, said: Mapping[str, Known | None], chosen: frozenset[str]
    ) -> PresetMatch:
        fitting: list[Preset] = []
        open_ones: list[tuple[Preset, tuple[str, ...]]] = []
        for preset, conditions in self._presets:
            if not preset.holds_on(day):
                continue
            if any(
                said[field] is not None and not _agree(said[field], wanted) for field, wanted in conditions
            ):
                continue
            unsaid = tuple(field for field, _ in conditions if said[field] is None)
            if not unsaid or (preset.id in chosen and not APPARATUS & set(unsaid)):
                fitting.append(preset)
            else:
                open_ones.append((preset, unsaid))
        fitting.sort(key=lambda one: (_rank(one), one.name))
        values, contested = _combine(fitting, chosen)
        return PresetMatch(tuple(fitting), values, contested, tuple(open_ones))


def read_day(document: Mapping[str, Any]) -> dt.date | None:
    """Return the day on which a measurement was made, as its clock had it; None where it says none."""
    entry = get_entry(document, "acquired_at")
    stated = entry.get("value") if isinstance(entry, Mapping) else entry
    try:
        return dt.date.fromisoformat(stated[:10]) if isinstance(stated, str) else None
    except ValueError:
        return None


def read_condition(entry: Any) -> Known | None:
    """Return a condition as it is compared: a number in SI, or a word; None where nothing certain is said."""
    if not is_value(entry):
        return None
    reading = read_quantity(entry)
    if reading is not None:
        numbers = reading.in_si()
        return ("number", numbers[0]) if len(numbers) == 1 else None
    plain = get_plain(entry)
    if isinstance(plain, bool | list | Mapping) or plain is None:
        return None
    if isinstance(plain, int | float):
        return "number", float(plain)
    return "word", fold_word(str(plain)) or None


def fold_word(text: str) -> str:
    """Return letters and digits of a text in lower case: headers and people write names in several ways."""
    return "".join(letter for letter in text.casefold() if letter.isalnum())


def list_entries(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a document says by dotted path; lists are one entry each."""
    return dict(_walk(document, build_tree("measurement"), ""))


def _walk(document: Mapping[str, Any], node: Node, prefix: str) -> Iterable[tuple[str, Any]]:
    for key, child in document.items():
        below = node.children.get(key)
        is_group = isinstance(child, Mapping) and not is_gap(child)
        if below is not None and below.children and is_group:
            yield from _walk(child, below, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", child


def _agree(said: Known | None, wanted: Known | None) -> bool:
    if said is None or wanted is None or said[0] != wanted[0]:
        return False
    if said[0] == "number":
        return bool(abs(said[1] - wanted[1]) <= TOLERANCE * max(abs(said[1]), abs(wanted[1])))
    return bool(said[1] == wanted[1])


def _rank(preset: Preset) -> tuple[int, dt.date]:
    return len(preset.conditions), preset.valid_from


def _combine(fitting: Sequence[Preset], chosen: frozenset[str]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return the values of the presets, the more general first, and what those of the same rank contest."""
    holders: dict[str, tuple[tuple[int, dt.date], Any]] = {}
    contested: set[str] = set()
    for preset in fitting:
        rank = _rank(preset)
        # What a person chose says its conditions too: nobody else said them.
        given = (
            {**preset.conditions, **list_entries(preset.values)}
            if preset.id in chosen
            else list_entries(preset.values)
        )
        for path, entry in given.items():
            former = holders.get(path)
            if former is not None and former[0] == rank and former[1] != entry:
                contested.add(path)
            elif former is None or former[0] != rank:
                contested.discard(path)
            holders[path] = (rank, entry)
    values: dict[str, Any] = {}
    for path, (_, entry) in holders.items():
        if path not in contested:
            values = place_entry(values, path, entry)
    return values, tuple(sorted(contested))


def does_say(document: Mapping[str, Any], path: str) -> bool:
    """Say whether a document has a value at a field."""
    return any(is_value(entry) for _, entry in find_entries(document, path))
