"""What a signal is: the one place that decides it, by the unit of its axes, the technique and the header together.

The names of axes decide nothing by themselves. A reader tells by them what it found in the header: that an image was
scanned (`scan_y, scan_x`), that there is a frame for each position of the beam, or that each pixel is a `color`. Where
nothing speaks, it is a frame of which nobody knows yet what it shows: it has a picture, nothing is computed of it, and
the technique is asked.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from repository.schema.documents.scales import (
    DIFFRACTION_PIXEL_FIELDS,
    SCAN_AXES,
    is_answered_by_person,
    read_pair,
)
from repository.schema.places import get_plain
from repository.schema.quantities.quantity import is_number
from repository.schema.quantities.signals import SignalAxis, SignalKind, SignalShape, list_main_first
from repository.schema.quantities.unit_symbols import get_symbol
from repository.schema.quantities.units import UNITS, find_unit_code
from repository.schema.questions.fields import load_catalogue

Plane = Literal["image", "pattern"]
"""What one frame shows: the specimen, or the diffraction plane."""

_PLANE_AXES = 2
_COLOR_AXES = 3  # two of a plane, and the colors
_WORDS: Mapping[Plane, str] = {"image": "images of the specimen", "pattern": "diffraction patterns"}
_OF_DIMENSION: Mapping[str, Plane] = {
    "length": "image",
    "angle": "pattern",
    "reciprocal_length": "pattern",
}
_OF_FIELD: Mapping[str, Plane] = {**dict.fromkeys(DIFFRACTION_PIXEL_FIELDS, "pattern"), "pixel_size": "image"}
_SAYS: Mapping[Plane, str] = {
    "image": "lengths on the specimen",
    "pattern": "places in the diffraction plane",
}
# What a technique says of a frame that is alone, of the frames of a series, and of those at positions of the beam.
# Beside a scan of patterns lie images, and beside scanned images a camera may stand: there these say nothing.
_ALONE: Mapping[str, Plane] = {
    "tem_image": "image",
    "annular": "image",
    "segmented_detector": "image",
    "diffraction_pattern": "pattern",
}
_IN_SERIES: Mapping[str, Plane] = {**_ALONE, "four_d_stem": "pattern"}
_AT_POSITIONS: Mapping[str, Plane] = {
    "tem_image": "image",
    "diffraction_pattern": "pattern",
    "four_d_stem": "pattern",
}
_SCANNED_IMAGE = ("scan_y", "scan_x")
_COLORS = "color"
_SPECTRA: Mapping[str, str] = {"energy": "energies", "wavelength": "wavelengths"}
_SPECTROSCOPIES = frozenset({"eels", "eds", "cathodoluminescence"})
_UNNAMED_SERIES = frozenset({"series", "frame", "index"})
_NOT_SCANNED = ("none", "point")
_UNSCANNED = frozenset({"tem_image", "diffraction_pattern"})


@dataclass(frozen=True, slots=True)
class SignalDecision:
    """What a signal is.

    Attributes
    ----------
    kind
        None where an element has three and more axes, or nobody said which.
    reason
        Why, as a sentence.
    sure
        Whether a unit or the technique says so. What only the reader's reading of the header says is not sure, nor is
        what something contradicts.
    contradiction
        What contradicts it, as a sentence; empty where nothing does.
    contradicted_by
        The field of the record that does.
    """

    kind: SignalKind | None
    reason: str
    sure: bool
    contradiction: str = ""
    contradicted_by: str = ""


@dataclass(frozen=True, slots=True)
class _Voice:
    """What one witness says a frame shows, and in which words; `field` is what of the record says it."""

    plane: Plane
    said: str
    field: str = ""


def decide_signal_kinds(
    signals: Sequence[SignalShape], document: Mapping[str, Any]
) -> dict[str, SignalDecision]:
    """Return what each array of a measurement is, by its name.

    Parameters
    ----------
    signals
        As they were read, or calibrated by the same record.
    document
        The merged record.
    """
    main = next((signal.name for signal in list_main_first(signals)), "")
    return {
        signal.name: decide_signal_kind(
            signal.axes, signal.count_signal_axes(), document, is_main=signal.name == main
        )
        for signal in signals
    }


def decide_signal_kind(
    axes: Sequence[SignalAxis], n_signal_axes: int, document: Mapping[str, Any], *, is_main: bool = True
) -> SignalDecision:
    """Return what an array is.

    Parameters
    ----------
    axes
        In array order, as they were read, or calibrated by the same record.
    n_signal_axes
        How many of them, the last ones, make one element.
    document
        The merged record; empty where nothing is known.
    is_main
        Whether it is the main array of its measurement: fields of the record that speak of axes speak of that one,
        and only there technique and unit contradict each other. An FFT beside a TEM image does not.
    """
    if not 0 < n_signal_axes <= len(axes):
        return SignalDecision(None, "Nobody said which axes it has.", sure=False)
    leading, element = tuple(axes[:-n_signal_axes]), tuple(axes[-n_signal_axes:])
    if n_signal_axes == 1:
        return _decide_line(leading, element[0], document if is_main else {})
    if n_signal_axes != _PLANE_AXES:
        return _decide_deeper(leading, element)
    at_positions = _has_positions(leading, document)
    own = _hear_units(element)
    stated = _hear_stated(element, document) if is_main else None
    technique = _hear_technique(leading, document, at_positions=at_positions)
    fields = _hear_fields(document, at_positions=at_positions, has_unit=own is not None) if is_main else []
    voice, against = _weigh(own, stated, fields, technique)
    if voice is None:
        voice = _hear_reader(element, document, at_positions=at_positions)
        reason = voice.said if voice else "Neither a unit of its axes nor the technique says what it shows."
        return SignalDecision(_name(voice, leading, document, at_positions), reason, sure=False)
    if against is None and is_main and technique is not None and technique.plane != voice.plane:
        against = technique
    if against is None:
        return SignalDecision(_name(voice, leading, document, at_positions), voice.said, sure=True)
    return SignalDecision(
        _name(voice, leading, document, at_positions),
        voice.said,
        sure=False,
        contradiction=f"{against.said} That would make it {_WORDS[against.plane]}, not {_WORDS[voice.plane]}. "
        f"{voice.said}",
        contradicted_by=against.field,
    )


def _decide_deeper(leading: Sequence[SignalAxis], element: Sequence[SignalAxis]) -> SignalDecision:
    """Decide of more axes than a plane has: that each pixel is a color, the reader says; the rest has no name."""
    if len(element) == _COLOR_AXES and element[-1].name == _COLORS:
        reason = "Its reader found that each pixel is a color: red, green and blue."
        return SignalDecision("color_image_series" if leading else "color_image", reason, sure=False)
    return SignalDecision(None, f"One element of it has {len(element)} axes.", sure=False)


def _weigh(
    own: _Voice | None, stated: _Voice | None, fields: Sequence[_Voice], technique: _Voice | None
) -> tuple[_Voice | None, _Voice | None]:
    """Return what holds, and what stands against it of what is said of axes.

    What is stated of these very axes holds over their unit. A field of the record holds over another unit in the file
    only where the technique says the same: one of the two alone may have been meant for another measurement.
    """
    holds = stated or own
    if holds is None:
        planes = {voice.plane for voice in fields}
        if len(planes) == 1:
            return fields[0], None
        return technique, None
    answered = [voice for voice in fields if voice.plane != holds.plane]
    if stated is not None or not answered or len(answered) < len(fields):
        return holds, None
    if technique is not None and technique.plane == answered[0].plane:
        return answered[0], None
    return holds, answered[0]


def _decide_line(
    leading: Sequence[SignalAxis], axis: SignalAxis, document: Mapping[str, Any]
) -> SignalDecision:
    unit = _find_stated_unit(axis, document) or _find_code(axis.unit)
    by_unit = unit is not None and UNITS[unit].dimension == "energy"
    if by_unit or axis.name in _SPECTRA:
        words = _SPECTRA.get(axis.name, "energies") if not by_unit else f"energies in {get_symbol(str(unit))}"
        kind: SignalKind = "spectrum_scan" if leading else "spectrum"
        return SignalDecision(kind, f"Along its last axis are {words}.", sure=unit is not None)
    if not leading:
        reason = "It is one line, without energies or wavelengths."
        return SignalDecision("profile", reason, sure=unit is not None)
    if _has_positions(leading, document):
        reason = "At each position of the beam it has several values, without energies or wavelengths."
        return SignalDecision("channel_maps", reason, sure=unit is not None)
    return SignalDecision(
        "profile_series", "It is lines without energies or wavelengths.", sure=unit is not None
    )


def _name(
    voice: _Voice | None, leading: Sequence[SignalAxis], document: Mapping[str, Any], at_positions: bool
) -> SignalKind:
    """Return the word for frames that show something, or of which nobody knows what they show."""
    if voice is None:
        return "frame_series" if leading else "frame"
    if voice.plane == "image":
        return "image_series" if leading else "image"
    if not leading:
        return "pattern"
    is_scan = at_positions or (
        "four_d_stem" in _list_techniques(document) and {axis.name for axis in leading} <= _UNNAMED_SERIES
    )
    return "pattern_scan" if is_scan else "pattern_series"


def _has_positions(leading: Sequence[SignalAxis], document: Mapping[str, Any]) -> bool:
    """Return whether there is an element for each of several positions of the beam.

    A reader calls a run of frames `position` where nothing but their unit tells: a technique that scans no beam holds
    over that, unless the record says that they are positions.
    """
    scan = get_plain(document.get("scan"))
    if scan in _NOT_SCANNED:
        return False
    found = {axis.name for axis in leading} & set(SCAN_AXES)
    techniques = _list_techniques(document)
    if found == {"position"} and scan is None and techniques and _UNSCANNED.issuperset(techniques):
        return False
    return bool(found)


def _hear_units(element: Sequence[SignalAxis]) -> _Voice | None:
    return _hear_pair([_find_code(axis.unit) for axis in element], "Its axes are in {units}: {says}.")


def _hear_stated(element: Sequence[SignalAxis], document: Mapping[str, Any]) -> _Voice | None:
    """Return what a person stated of these axes, where the axes then are in that unit."""
    units = [_find_stated_unit(axis, document) for axis in element]
    return _hear_pair(units, "Its axes are stated in {units}: {says}.", "axes")


def _hear_pair(units: Sequence[str | None], words: str, field: str = "") -> _Voice | None:
    """Return what the units of two axes say; nothing where one has none, or they are of different kinds."""
    planes = {None if unit is None else _OF_DIMENSION.get(UNITS[unit].dimension) for unit in units}
    plane = planes.pop()
    if planes or plane is None:
        return None
    symbols = " and ".join(dict.fromkeys(get_symbol(str(unit)) for unit in units))
    return _Voice(plane, words.format(units=symbols, says=_SAYS[plane]), field)


def _find_stated_unit(axis: SignalAxis, document: Mapping[str, Any]) -> str | None:
    """Return the unit under `axes`: with a step where the file has another unit, so that the axis becomes that."""
    stated = document.get("axes")
    for entry in stated if isinstance(stated, list) else ():
        if isinstance(entry, Mapping) and get_plain(entry.get("name")) == axis.name:
            unit, scale = get_plain(entry.get("unit")), get_plain(entry.get("scale"))
            code = _find_code(unit) if isinstance(unit, str) else None
            return code if axis.unit is None or (is_number(scale) and scale) else None
    return None


def _hear_fields(document: Mapping[str, Any], *, at_positions: bool, has_unit: bool) -> list[_Voice]:
    """Return what fields of the record say of axes: those that a person answered, else those of the header.

    Where the axes have a unit the header has spoken. A pixel size is a length on the specimen: of frames at positions
    of the beam it does not speak.
    """
    found = [
        field
        for field in _OF_FIELD
        if _is_step(document, field) and not (at_positions and _OF_FIELD[field] == "image")
    ]
    answered = [field for field in found if is_answered_by_person(document, field)]
    titles = load_catalogue().measurement if found else {}
    return [
        _Voice(_OF_FIELD[field], f"{titles[field].title} is given: {_SAYS[_OF_FIELD[field]]}.", field)
        for field in (answered or ([] if has_unit else found))
    ]


def _is_step(document: Mapping[str, Any], field: str) -> bool:
    """Return whether a field holds a step in a unit of its kind; the checks say where it does not."""
    pair = read_pair(document, field)
    if pair is None or not all(side > 0 for side in pair[0]):
        return False
    return _OF_DIMENSION.get(UNITS[pair[1]].dimension) == _OF_FIELD[field]


def _hear_technique(
    leading: Sequence[SignalAxis], document: Mapping[str, Any], *, at_positions: bool
) -> _Voice | None:
    """Return what the techniques say; nothing where they say both."""
    says = _AT_POSITIONS if at_positions else _IN_SERIES if leading else _ALONE
    techniques = [word for word in _list_techniques(document) if word in says]
    planes = {says[word] for word in techniques}
    if len(planes) != 1:
        return None
    titles = {term.value: term.title for term in load_catalogue().vocabularies["technique"]}
    return _Voice(planes.pop(), f'The technique is "{titles[techniques[0]]}".', "technique")


def _hear_reader(
    element: Sequence[SignalAxis], document: Mapping[str, Any], *, at_positions: bool
) -> _Voice | None:
    """Return what the reader found in the header. A camera may also stand behind a spectrometer."""
    if tuple(axis.name for axis in element) == _SCANNED_IMAGE:
        return _Voice("image", "Its reader found that the beam scanned it.")
    techniques = _list_techniques(document)
    if at_positions and not (techniques and set(techniques) <= _SPECTROSCOPIES):
        return _Voice("pattern", "Its reader found a frame for each position of the beam.")
    return None


def _list_techniques(document: Mapping[str, Any]) -> list[str]:
    found = get_plain(document.get("technique"))
    words = [found] if isinstance(found, str) else found if isinstance(found, list) else []
    return [word for word in words if isinstance(word, str)]


def _find_code(unit: str | None) -> str | None:
    return find_unit_code(unit) if unit else None
