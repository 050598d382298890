"""Which instrument record a header means, and what the record says of one measurement, by value."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from repository.schema.documents.levels import place_entry
from repository.schema.documents.presets import PresetMatch, does_say, fold_word
from repository.schema.places import get_plain, get_value

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
        names = [f"{preset.name} (since {preset.valid_from.isoformat()})" for preset in match.fitting]
        layer = place_entry(layer, "instrument.preset", "; ".join(names))
    return layer


def read_record_id(document: Mapping[str, Any]) -> str | None:
    """Return the id of the instrument record from which a document has values."""
    said = get_plain(get_value(document, "instrument.id"))
    return said if isinstance(said, str) else None
