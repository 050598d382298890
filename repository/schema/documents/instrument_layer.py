"""Which instrument record a header means, and what the record says of one measurement, by value."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from repository.schema.documents.levels import INSTRUMENTS, does_apply, place_entry
from repository.schema.documents.merging import merge_metadata
from repository.schema.documents.presets import (
    Preset,
    PresetBook,
    PresetMatch,
    does_say,
    fold_word,
    list_entries,
)
from repository.schema.places import get_value

IDENTITY = ("name", "manufacturer", "model", "serial_number", "identifier", "facility", "source")
"""Fields of `instrument` that a record has of its own."""

Certainty = Literal["serial", "name", "unsaid", "other"]


@dataclass(frozen=True, slots=True)
class InstrumentIdentity:
    """By what an instrument record is known.

    Attributes
    ----------
    facts
        Fields of `instrument` by their last key: name, manufacturer, model, serial_number, and so on.
    header_names
        What headers call it; programs have names of their own for a microscope.
    """

    id: str
    facts: Mapping[str, str]
    header_names: tuple[str, ...] = ()

    @property
    def words(self) -> frozenset[str]:
        """The names under which a header may mean it, folded."""
        named = (self.facts.get("name", ""), self.facts.get("model", ""), *self.header_names)
        return frozenset(filter(None, map(fold_word, named)))


def recognise_instrument(header: Mapping[str, Any], record: InstrumentIdentity) -> Certainty:
    """Say how a header speaks of a record.

    Returns
    -------
    Certainty
        `serial`: the serial number is the record's; `name`: a name or model that the record goes by; `unsaid`: the
        header names no microscope; `other`: it names another one.
    """
    serial = _fold(header, "instrument.serial_number")
    own = fold_word(record.facts.get("serial_number", ""))
    if serial and own:
        # Some programs write model and number together: the number ends what they say.
        return "serial" if serial == own or serial.endswith(own) else "other"
    said = {_fold(header, "instrument.name"), _fold(header, "instrument.model")} - {""}
    if said & record.words:
        return "name"
    return "other" if said or serial else "unsaid"


def _fold(document: Mapping[str, Any], path: str) -> str:
    said = get_value(document, path)
    return fold_word(str(said)) if said is not None else ""


def choose_record(
    header: Mapping[str, Any], records: Iterable[InstrumentIdentity]
) -> tuple[InstrumentIdentity, ...]:
    """Return the records that a header may mean: those with its serial number, else those with its name."""
    spoken = [(record, recognise_instrument(header, record)) for record in records]
    by_serial = tuple(record for record, certainty in spoken if certainty == "serial")
    return by_serial or tuple(record for record, certainty in spoken if certainty == "name")


def build_instrument_layer(
    record: InstrumentIdentity, match: PresetMatch, header: Mapping[str, Any]
) -> dict[str, Any]:
    """Return what an instrument record says of a measurement, as a layer of the deposit's document.

    The values of presets stand in it also where the header has its own: the header's holds, and both are shown. What
    the record is called gives way to what the header says, because by that it was recognised.
    """
    layer: dict[str, Any] = dict(match.values)
    for key in IDENTITY:
        path = f"instrument.{key}"
        if record.facts.get(key) and not does_say(header, path):
            layer = place_entry(layer, path, record.facts[key])
    layer = place_entry(layer, "instrument.id", record.id)
    if match.fitting:
        layer = place_entry(layer, "instrument.preset", _name_presets(match.fitting))
    return layer


def _name_presets(presets: Sequence[Preset]) -> str:
    return "; ".join(f"{preset.name} (since {preset.valid_from.isoformat()})" for preset in presets)


@dataclass(frozen=True, slots=True)
class RecordSays:
    """What an instrument record says of one measurement of a deposit.

    Attributes
    ----------
    certainty
        How the header speaks of the record.
    entries
        What the record would say, by field.
    former
        What an instrument record said of it before, and which one that was.
    fills
        Fields that nobody else answers.
    """

    certainty: Certainty
    match: PresetMatch
    entries: Mapping[str, Any]
    former: Mapping[str, Any]
    fills: tuple[str, ...]

    @property
    def is_meant(self) -> bool:
        """Whether the record is meant where nobody names files: not those of another microscope."""
        is_free = self.former.get("instrument.id") in (None, self.entries["instrument.id"])
        return self.certainty in {"serial", "name"} or (self.certainty == "unsaid" and is_free)


def consult_record(
    record: InstrumentIdentity,
    book: PresetBook,
    *,
    header: Mapping[str, Any],
    layers: Sequence[tuple[str, Mapping[str, Any]]],
    chosen: Sequence[str] = (),
) -> RecordSays:
    """Return what a record says of a measurement, whose presets are chosen by what header and persons say.

    Parameters
    ----------
    header, layers
        As for `merge_metadata`. What another record said before is no condition.
    """
    others = [(label, layer) for label, layer in layers if not label.startswith(f"{INSTRUMENTS}/")]
    former = next((layer for label, layer in layers if label.startswith(f"{INSTRUMENTS}/")), {})
    known = merge_metadata(header=header, supplied_layers=others).document
    found = (book.find(preset_id) for preset_id in chosen)
    spoken = [preset.id for preset in found if preset is not None and _does_concern(preset, known)]
    match = book.match(known, chosen=spoken)
    entries = list_entries(build_instrument_layer(record, match, header))
    entries = {path: entry for path, entry in entries.items() if does_apply(path, known)}
    used = [preset for preset in match.fitting if _does_concern(preset, known)]
    if match.fitting:
        entries["instrument.preset"] = _name_presets(used)
    if not used:
        entries.pop("instrument.preset", None)
    fills = tuple(path for path in entries if not does_say(known, path))
    return RecordSays(recognise_instrument(header, record), match, entries, list_entries(former), fills)


def _does_concern(preset: Preset, document: Mapping[str, Any]) -> bool:
    """Say whether a preset gives anything that is asked of a measurement of these techniques."""
    return any(does_apply(path, document) for path in list_entries(preset.values))
