"""What an array seems to show, by its axes, their units and ranges, and the picture where nothing else tells.

Numbers here are borders between techniques: an X-ray detector bins some eV over ten keV and more, a loss spectrum bins
an eV at most over some hundreds, light has an energy of a few eV.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self

from repository.schema.documents.scales import SCAN_AXES
from repository.schema.documents.signal_kind import SignalDecision
from repository.schema.places import get_value, is_value
from repository.schema.quantities.signals import SignalAxis, SignalKind, SignalShape
from repository.schema.quantities.units import UNITS, convert, find_unit_code

SPECTRA: frozenset[SignalKind] = frozenset({"spectrum", "spectrum_scan"})
IMAGES: frozenset[SignalKind] = frozenset({"image", "image_series"})
PATTERNS: frozenset[SignalKind] = frozenset({"pattern", "pattern_series"})
FRAMES: frozenset[SignalKind] = frozenset({"frame", "frame_series"})
COLORS: frozenset[SignalKind] = frozenset({"color_image", "color_image_series"})
_X_RAY_BIN_EV, _X_RAY_END_EV, _X_RAY_START_EV = (2.0, 40.0), 8_000.0, 1_000.0
_LOSS_BIN_EV, _LOSS_END_EV, _LOSS_CHANNELS = 2.0, 5_000.0, 20
_LIGHT_END_EV = 20.0
_STANDS_OUT, _IS_SYMMETRIC = 4.0, 0.5
_WHOLE_NUMBERS = ("int", "uint")
_UNDECIDED = SignalDecision(None, "Nobody has looked at it.", sure=False)


@dataclass(frozen=True, slots=True)
class FrameLook:
    """What one frame of an array shows.

    Attributes
    ----------
    center_over_mean
        How many times as bright as the mean its brightest part near the middle is, both above its darkest.
    half_turn
        Correlation of the frame with itself, turned by half about that part: 1 where both are the same.
    """

    center_over_mean: float
    half_turn: float

    @property
    def is_like_pattern(self) -> bool:
        """Whether it looks like a diffraction pattern: bright at its center, and the same turned by half."""
        return self.center_over_mean >= _STANDS_OUT and self.half_turn >= _IS_SYMMETRIC

    @classmethod
    def from_dict(cls, entry: Any) -> Self | None:
        """Return it as converting wrote it down, or None where it did not look."""
        if not isinstance(entry, Mapping):
            return None
        numbers = [entry.get("center_over_mean"), entry.get("half_turn")]
        if not all(isinstance(number, int | float) for number in numbers):
            return None
        return cls(*map(float, numbers))  # type: ignore[arg-type]  # they are numbers


@dataclass(frozen=True, slots=True)
class SeenSignal:
    """An array as far as a guess goes by it; its axes are those that the record calibrates.

    Attributes
    ----------
    is_shape_guessed
        Whether the reader guessed how frames lie on positions.
    decision
        What it is by its units and the header; decided when a proposal is asked for.
    """

    shape: SignalShape
    dtype: str = "float32"
    is_shape_guessed: bool = False
    frame: FrameLook | None = None
    decision: SignalDecision = _UNDECIDED

    @property
    def kind(self) -> SignalKind | None:
        """What it is."""
        return self.decision.kind

    @property
    def leading(self) -> tuple[SignalAxis, ...]:
        """The axes over patterns, images or spectra."""
        return self.shape.axes[: -self.shape.count_signal_axes()]

    @property
    def element(self) -> tuple[SignalAxis, ...]:
        """The axes of one of them."""
        return self.shape.axes[-self.shape.count_signal_axes() :]

    @property
    def is_scanned(self) -> bool:
        """Whether each of its elements has a position of the beam."""
        return any(axis.name in SCAN_AXES for axis in self.leading)

    @property
    def is_scanned_image(self) -> bool:
        """Whether it has one value at each position of the beam."""
        return self.kind in IMAGES and all(axis.name in SCAN_AXES for axis in self.element)


@dataclass(frozen=True, slots=True)
class Proposal:
    """What the technique seems to be.

    Attributes
    ----------
    techniques
        In the order of the arrays; none where nothing tells.
    sure
        Whether it is right unless the file is wrong.
    why
        A sentence for a person.
    """

    techniques: tuple[str, ...]
    sure: bool
    why: str


def _find_dimension(axis: SignalAxis) -> str | None:
    code = find_unit_code(axis.unit) if axis.unit else None
    return None if code is None or axis.scale is None else UNITS[code].dimension


def find_energies(signal: SeenSignal) -> tuple[float, float, float] | None:
    """Return first and last energy and the step, in eV; None where the channels have no energies."""
    axis = signal.shape.find_axis("energy")
    if axis is None or _find_dimension(axis) != "energy" or not axis.scale:
        return None
    unit = str(find_unit_code(str(axis.unit)))
    step = convert(axis.scale, unit, "eV")
    start = convert(axis.offset, unit, "eV")
    end = start + step * (axis.size - 1)
    return min(start, end), max(start, end), abs(step)


def has_spectral_scale(signal: SeenSignal) -> bool:
    """Return whether its channels have energies or wavelengths."""
    axis = signal.shape.find_axis("wavelength")
    has_wavelengths = axis is not None and _find_dimension(axis) == "length" and bool(axis.scale)
    return has_wavelengths or find_energies(signal) is not None


def describe_range(signal: SeenSignal) -> str:
    """Return the words for the range of its channels."""
    energies = find_energies(signal)
    if energies is not None:
        start, end, step = energies
        return f"the energies run from {start:.4g} to {end:.5g} eV in steps of {step:.3g} eV"
    axis = signal.shape.find_axis("wavelength")
    if axis is None or not axis.scale:
        return "its channels have no energies"
    end = axis.offset + axis.scale * (axis.size - 1)
    return f"the wavelengths run from {axis.offset:.4g} to {end:.4g} {axis.unit}"


def describe_as(signal: SeenSignal, technique: str) -> str:
    """Return the words for the range of its channels, and for what measures in such a range."""
    return f"{describe_range(signal)}, as those of {_TITLES[technique]} do"


def describe_positions(signal: SeenSignal) -> str:
    """Return how many positions of the beam there are: "4 × 4 positions"."""
    axes = [axis for axis in signal.shape.axes if axis.name in SCAN_AXES]
    return f"{' × '.join(str(axis.size) for axis in axes)} positions of the beam"


def guess(signal: SeenSignal, header: Mapping[str, Any]) -> Proposal:
    """Return what an array shows, without what a header calls it."""
    if signal.decision.contradiction:
        return Proposal((), sure=False, why=signal.decision.contradiction)
    if signal.is_scanned_image:
        return _guess_scanned_image(signal, header)
    if signal.is_scanned and signal.kind in {"pattern_scan", "image_series"}:
        return _guess_scan_of_frames(signal)
    by_kind = _BY_KIND.get(signal.kind) if signal.kind else None
    return by_kind(signal, header) if by_kind is not None else _guess_others(signal, header)


def _guess_others(signal: SeenSignal, _: Mapping[str, Any]) -> Proposal:
    """Return what is proposed of lines without energies."""
    if signal.is_scanned and any(axis.name == "scattering_angle" for axis in signal.element):
        where = f"Rings of a detector at each of {describe_positions(signal)}"
        return Proposal(("annular",), sure=False, why=f"{where}: annular images, or profiles of patterns.")
    return Proposal((), sure=False, why=f"{signal.decision.reason} That says nothing of a technique.")


def _guess_spectra(signal: SeenSignal, header: Mapping[str, Any]) -> Proposal:
    named = _find_named_spectroscopy(header)
    if not has_spectral_scale(signal):
        why = "Spectra whose channels have no energies: nothing shows of what."
        return Proposal((named,) if named else (), sure=False, why=why)
    measured = find_spectroscopy(signal)
    said = describe_range(signal)
    if named is not None and measured in {None, named}:
        word = {"eels": "a spectrometer", "eds": "an X-ray detector"}.get(named, "a detector of light")
        return Proposal((named,), sure=True, why=f"The header tells of {word}, and {said}.")
    if named is not None and measured is not None:
        why = f"The header tells of {_TITLES[named]}, but {describe_as(signal, measured)}."
        return Proposal((named,), sure=False, why=why)
    if measured is None:
        return Proposal((), sure=False, why=f"Spectra of which the range does not tell: {said}.")
    why = describe_as(signal, measured)
    return Proposal((measured,), sure=True, why=f"{why[0].upper()}{why[1:]}.")


_TITLES: Mapping[str, str] = {
    "eels": "energy losses",
    "eds": "an X-ray detector",
    "cathodoluminescence": "light",
}


def _find_named_spectroscopy(header: Mapping[str, Any]) -> str | None:
    """Return the spectroscopy of whose instrument the header speaks, where it is one."""
    named = [
        technique
        for technique, fields in (
            ("eels", ("spectrometer", "collection_semi_angle", "zero_loss_width")),
            ("eds", ("eds",)),
            ("cathodoluminescence", ("cathodoluminescence",)),
        )
        if any(is_value(header.get(field)) for field in fields)
    ]
    return named[0] if len(named) == 1 else None


def find_spectroscopy(signal: SeenSignal) -> str | None:
    """Return the spectroscopy that measures in the range of these channels; None where several do, or none."""
    if signal.kind not in SPECTRA or not has_spectral_scale(signal):
        return None
    energies = find_energies(signal)
    if energies is None:
        return "cathodoluminescence"
    axis = signal.shape.find_axis("energy")
    return name_spectroscopy(energies, axis.size if axis is not None else 0)


def name_spectroscopy(energies: tuple[float, float, float], channels: int) -> Literal["eds", "eels"] | None:
    """Return whose range it is, by first and last energy and the step in eV; None where that is not sure."""
    start, end, step = energies
    least, most = _X_RAY_BIN_EV
    if least <= step <= most and end >= _X_RAY_END_EV and start <= _X_RAY_START_EV:
        return "eds"
    is_fine = step <= _LOSS_BIN_EV and end <= _LOSS_END_EV and channels >= _LOSS_CHANNELS
    return "eels" if is_fine and end > _LIGHT_END_EV else None


def _guess_scanned_image(signal: SeenSignal, header: Mapping[str, Any]) -> Proposal:
    where = f"One value at each of {describe_positions(signal)}"
    if is_value(header.get("annular_detectors")):
        return Proposal(("annular",), sure=True, why=f"{where}, and the header names a STEM detector.")
    if is_value(header.get("segments")):
        return Proposal(("segmented_detector",), sure=True, why=f"{where}, and the header names segments.")
    is_counted = signal.dtype.startswith(_WHOLE_NUMBERS)
    if is_counted and _has(header, "dwell_time") and _has(header, "camera_length"):
        why = f"{where}, whole numbers with dwell time and camera length in the header: a detector behind the specimen."
        return Proposal(("annular",), sure=True, why=why)
    why = f"{where}, but the header does not say of which detector, or whether they were computed."
    return Proposal(("annular",), sure=False, why=why)


def _guess_scan_of_frames(signal: SeenSignal) -> Proposal:
    size = " × ".join(str(axis.size) for axis in signal.element)
    if signal.kind in IMAGES:
        why = f"Frames of {size} pixels at {describe_positions(signal)}, but their axes are lengths, not angles."
        return Proposal(("four_d_stem",), sure=False, why=why)
    if signal.is_shape_guessed:
        why = f"A run of frames of {size} pixels: a scan, or one frame after another. The file does not say."
        return Proposal(("four_d_stem",), sure=False, why=why)
    why = f"A frame of {size} pixels of a camera at each of {describe_positions(signal)}."
    return Proposal(("four_d_stem",), sure=True, why=why)


def _guess_frames(signal: SeenSignal, header: Mapping[str, Any]) -> Proposal:
    """Return what is proposed of pictures of which no unit says what they show."""
    if signal.dtype.startswith("complex"):
        return Proposal((), sure=False, why="Complex numbers: computed, not recorded. Nothing says of what.")
    is_diffracting = _has(header, "camera_length") and not _has(header, "magnification")
    if is_diffracting and _is_of_camera(header) and not signal.leading:
        why = "A frame of a camera, and the header has a camera length and no magnification: the diffraction plane."
        return Proposal(("diffraction_pattern",), sure=True, why=why)
    return _guess_by_picture(signal)


def _guess_pattern(signal: SeenSignal, header: Mapping[str, Any]) -> Proposal:
    """Return what is proposed of frames whose axes are angles or reciprocal lengths."""
    reason = signal.decision.reason
    may_be_transform = _has(header, "magnification") and not _has(header, "camera_length")
    if may_be_transform or signal.dtype.startswith("complex"):
        why = f"{reason} A transform of an image has such axes too, and the header speaks of an image."
        return Proposal(("diffraction_pattern",), sure=False, why=why)
    if any(axis.name not in {"time", "tilt"} for axis in signal.leading):
        why = f"{reason} Nothing says whether the beam was moved from one pattern to the next."
        return Proposal(("diffraction_pattern",), sure=False, why=why)
    return Proposal(("diffraction_pattern",), sure=True, why=reason)


def _guess_image(_: SeenSignal, header: Mapping[str, Any]) -> Proposal:
    """Return what is proposed of frames whose axes are lengths."""
    mode = get_value(header, "lens_mode")
    is_stem = isinstance(mode, str) and "stem" in mode.casefold()
    if _is_of_camera(header) and not is_stem:
        why = "Its axes are lengths, and the header tells of a camera and its exposure: an image that was not scanned."
        return Proposal(("tem_image",), sure=True, why=why)
    why = "Its axes are lengths, but nothing says whether it was scanned."
    return Proposal(("tem_image",), sure=False, why=why)


def _is_of_camera(header: Mapping[str, Any]) -> bool:
    """Return whether the header tells of a camera and its exposure, and of no beam that dwells."""
    is_named = _has(header, "camera.name") or _has(header, "exposure_time")
    return is_named and not _has(header, "dwell_time")


def _guess_by_picture(signal: SeenSignal) -> Proposal:
    look = signal.frame
    if look is None:
        why = "The file gives neither units nor words, and its picture has not been looked at."
        return Proposal((), sure=False, why=why)
    if look.is_like_pattern:
        why = (
            f"Only the picture tells: it is {look.center_over_mean:.0f} times as bright at its center as on average, "
            "and much the same when it is turned by half, as diffraction patterns are."
        )
        return Proposal(("diffraction_pattern",), sure=False, why=why)
    why = "The file gives neither units nor words, and the picture does not look like a centered diffraction pattern."
    return Proposal((), sure=False, why=why)


def _guess_colors(_: SeenSignal, __: Mapping[str, Any]) -> Proposal:
    """Return what is proposed of a picture in colors, as of a screen or made of several images: nothing."""
    why = "It is a picture in colors: what was measured, and how, does not show in it."
    return Proposal((), sure=False, why=why)


_BY_KIND: Mapping[SignalKind, Callable[[SeenSignal, Mapping[str, Any]], Proposal]] = {
    **dict.fromkeys(SPECTRA, _guess_spectra),
    **dict.fromkeys(IMAGES, _guess_image),
    **dict.fromkeys(PATTERNS, _guess_pattern),
    **dict.fromkeys(FRAMES, _guess_frames),
    **dict.fromkeys(COLORS, _guess_colors),
}


def _has(header: Mapping[str, Any], path: str) -> bool:
    return is_value(get_value(header, path))
