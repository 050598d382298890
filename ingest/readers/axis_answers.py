"""What the axes of an array are that carries no names: as a person says, else by their number, marked as a guess."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from ingest.readers.contract import ReadHints, ShapeOrigin
from repository.schema.findings import Finding

POINTER = "/array/axes"
_LEADING = ("temperature", "rotation", "defocus", "tilt", "time", "series", "position", "scan_y", "scan_x")
_FRAMES = (("detector_y", "detector_x"), ("y", "x"), ("scan_y", "scan_x"))
_LINES = ("energy", "wavelength", "channel")
_SCAN_OF_PATTERNS = ("scan_y", "scan_x", "detector_y", "detector_x")
_EXAMPLES = (
    "a run of frames is series, detector_y, detector_x (or time, y, x), a spectrum image scan_y, scan_x, energy",
    "a scan of patterns is scan_y, scan_x, detector_y, detector_x, a series of scans has series before these",
)
MOST_AXES = 8


@dataclass(frozen=True, slots=True)
class AxisMeaning:
    """What the axes of an array are, and in which order they are given.

    Attributes
    ----------
    names
        In our order: series, then the scan, then the signal.
    order
        For each given axis the number of the stored one.
    n_signal_axes
        How many of the last make one pattern, image or spectrum.
    """

    names: tuple[str, ...]
    order: tuple[int, ...]
    n_signal_axes: int
    origin: ShapeOrigin
    findings: tuple[Finding, ...] = ()

    @property
    def orientation(self) -> str:
        """How the array lies against the file's own order, in words."""
        if self.order == tuple(range(len(self.order))):
            return "as stored in the file"
        stored = [""] * len(self.order)
        for name, axis in zip(self.names, self.order, strict=True):
            stored[axis] = name
        return f"axes transposed: the file stores {', '.join(stored)}; given as {', '.join(self.names)}"


def decide_axes(shape: tuple[int, ...], *, name: str, hints: ReadHints) -> AxisMeaning:
    """Return what the axes of the main array are.

    The answer under `array.axes` holds where it fits. Without one a frame is a frame, four axes are taken for a scan
    of patterns, with a warning, and of three or more than four the person is asked; until then the last two are shown
    as frames.

    Parameters
    ----------
    shape
        As the file, or the program that wrote it, orders the axes.
    name
        Of the file, for sentences.
    """
    answered = hints.array.axes
    fault = _find_fault(answered, shape) if answered else ""
    if answered and not fault:
        return order_axes(answered, "depositor")
    guess = guess_axes(shape)
    if fault:
        shown = " × ".join(map(str, shape))
        finding = _build(
            "error", "array_axes_mismatch", f"{fault}; {name} has the shape {shown}.", len(shape)
        )
        return AxisMeaning(guess.names, guess.order, guess.n_signal_axes, "guessed", (finding,))
    is_frames = len(shape) == 3 and bool(hints.scan_shape or hints.frame_axis)  # noqa: PLR2004 - which frames, they say
    found = () if is_frames else _ask(shape, name)
    return AxisMeaning(guess.names, guess.order, guess.n_signal_axes, guess.origin, found)


def guess_axes(shape: Sequence[int]) -> AxisMeaning:
    """Return what an array of so many axes most likely is."""
    count = len(shape)
    if count <= 2:  # noqa: PLR2004 - one line, or one frame
        names: tuple[str, ...] = ("channel",) if count == 1 else ("detector_y", "detector_x")
        return AxisMeaning(names, tuple(range(count)), count, "file")
    series = tuple("series" if number == 0 else f"series_{number + 1}" for number in range(count - 4))
    names = (*series, *_SCAN_OF_PATTERNS) if count > 3 else ("series", "detector_y", "detector_x")  # noqa: PLR2004
    return AxisMeaning(names, tuple(range(count)), 2, "guessed")


def order_axes(names: Sequence[str], origin: ShapeOrigin) -> AxisMeaning:
    """Return axes of these names in our order; each name stands there once."""
    signal = _choose_signal(names)
    leading = sorted((name for name in names if name not in signal), key=_rank)
    ordered = (*leading, *signal)
    return AxisMeaning(ordered, tuple(names.index(name) for name in ordered), len(signal), origin)


def _choose_signal(names: Sequence[str]) -> tuple[str, ...]:
    """Return which of the axes make one element, in our order."""
    frames = [pair for pair in _FRAMES if set(pair) <= set(names)]
    if "color" in names and frames:
        return (*frames[0], "color")
    if "detector_y" in names and "detector_x" in names:
        return _FRAMES[0]
    lines = [name for name in _LINES if name in names]
    if lines:
        camera = [
            name for name in _FRAMES[0] if name in names
        ]  # a spectrometer's camera: momentum and energy
        return (*camera, lines[0])
    return frames[0] if frames else (max(names, key=_rank),)


def _rank(name: str) -> int:
    return _LEADING.index(name) if name in _LEADING else len(_LEADING)


def _find_fault(answered: Sequence[str], shape: Sequence[int]) -> str:
    twice = [name for name, count in Counter(answered).items() if count > 1]
    if twice:
        return f"array.axes names {twice[0]} twice"
    if len(answered) != len(shape):
        return f"array.axes names {len(answered)} axes"
    return ""


def _ask(shape: tuple[int, ...], name: str) -> tuple[Finding, ...]:
    if len(shape) < 3:  # noqa: PLR2004 - nothing to tell apart
        return ()
    shown = " × ".join(map(str, shape))
    if len(shape) == 4:  # noqa: PLR2004 - a scan of patterns
        message = (
            f"{name} holds {shown} numbers and does not name its axes: taken for a scan of "
            f"{shape[0]} × {shape[1]} patterns."
        )
        return (_build("warning", "array_axes_guessed", message, len(shape)),)
    message = f"{name} holds {shown} numbers and does not say what its axes are."
    return (_build("error", "array_axes_missing", message, len(shape)),)


def _build(severity: str, code: str, message: str, count: int) -> Finding:
    is_asked = severity == "error"
    meanwhile = (
        "Meanwhile its last two axes are shown as frames."
        if is_asked
        else "Readers would see another scan if it is not so."
    )
    hint = f"{meanwhile} Name the {count} axes in the order of the file: {_EXAMPLES[count > 3]}."  # noqa: PLR2004
    return Finding(
        "error" if is_asked else "warning", code, message, pointer=POINTER, hint=hint, layer="reading"
    )
