"""Which techniques the arrays of a measurement rule out: what has no pattern at any position is no 4D-STEM."""

from collections.abc import Callable, Mapping, Sequence

from repository.schema.quantities.signals import SignalShape
from repository.schema.questions.answers import DETECTOR_AXES, IMAGE_AXES, SPECTRUM_AXES
from repository.schema.questions.fields import load_catalogue

_PLANE = 2
_PATTERNS = 3


def find_impossible(techniques: Sequence[str], signals: Sequence[SignalShape]) -> str | None:
    """Return why these techniques cannot be what the arrays hold, or None; without arrays everything can be."""
    if not signals:
        return None
    titles = {term.value: term.title for term in load_catalogue().vocabularies["technique"]}
    for technique in techniques:
        holds = _HOLDS.get(technique)
        if holds is not None and not any(holds(signal) for signal in signals):
            shapes = " and ".join(" × ".join(map(str, signal.shape)) for signal in signals[:3])
            return f"{titles[technique]} {_NEEDS[technique]}; this file holds {shapes}."
    return None


def _has_patterns(signal: SignalShape) -> bool:
    """Whether there is a pattern at each of several positions: two axes of the detector, and at least one more."""
    return len(signal.axes) >= _PATTERNS and not _has_spectra(signal)


def _has_spectra(signal: SignalShape) -> bool:
    names = {axis.name for axis in signal.axes}
    return bool(names & {*SPECTRUM_AXES, "channel"})


def _may_have_spectra(signal: SignalShape) -> bool:
    """Whether spectra can be in it: by name, or because the axes of a camera may hold them."""
    names = {axis.name for axis in signal.axes}
    return _has_spectra(signal) or bool(names & {*DETECTOR_AXES, *IMAGE_AXES}) or len(signal.axes) == 1


def _is_plane(signal: SignalShape) -> bool:
    return len(signal.axes) >= _PLANE and not _has_spectra(signal)


_HOLDS: Mapping[str, Callable[[SignalShape], bool]] = {
    "four_d_stem": _has_patterns,
    "eels": _may_have_spectra,
    "eds": _may_have_spectra,
    "cathodoluminescence": _may_have_spectra,
    "tem_image": _is_plane,
    "diffraction_pattern": _is_plane,
}
_NEEDS: Mapping[str, str] = {
    "four_d_stem": "has a pattern at every position",
    "eels": "has a spectrum",
    "eds": "has a spectrum",
    "cathodoluminescence": "has a spectrum",
    "tem_image": "is a picture of two axes",
    "diffraction_pattern": "is a picture of two axes",
}
