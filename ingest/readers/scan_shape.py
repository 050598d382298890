"""Which scan shape a run of frames has, and who says so."""

from dataclasses import dataclass

from ingest.readers.contract import Axis, ReadHints, ShapeOrigin
from ingest.readers.refusals import ask_scan_shape, refuse, warn
from repository.schema.findings import Finding

ScanShape = tuple[int, int]


@dataclass(frozen=True, slots=True)
class ScanLayout:
    """Leading axes of a signal with their origin; `axes` has no step yet."""

    axes: tuple[Axis, ...]
    origin: ShapeOrigin
    findings: tuple[Finding, ...] = ()

    @property
    def shape(self) -> tuple[int, ...]:
        """Sizes of the leading axes."""
        return tuple(axis.size for axis in self.axes)


def _grid(shape: ScanShape) -> tuple[Axis, ...]:
    return (Axis("scan_y", shape[0]), Axis("scan_x", shape[1]))


def decide_scan_layout(
    *,
    frames: int,
    name: str,
    hints: ReadHints,
    in_file: ScanShape | None = None,
    guess: ScanShape | None = None,
    guessed_from: str = "how its frames were triggered",
) -> ScanLayout:
    """Return the leading axes for `frames` patterns.

    The file's own shape holds where it fits; then the depositor's; then a guess, marked as one; else the
    patterns are numbered along one `position` axis and the depositor is asked. All shapes are
    (scan_y, scan_x).

    Raises
    ------
    ReadRefusedError
        `scan_shape_mismatch`, if the depositor's shape does not have as many positions as there are
        patterns and nothing else says the shape.
    """
    from_depositor = hints.scan_shape
    findings: list[Finding] = []
    if in_file and in_file[0] * in_file[1] == frames:
        if from_depositor and from_depositor != in_file:
            findings.append(_conflict(name, in_file, from_depositor))
        return ScanLayout(_grid(in_file), "file", tuple(findings))
    if in_file:
        findings.append(_misfit(name, in_file, frames))
    if from_depositor:
        if from_depositor[0] * from_depositor[1] != frames:
            raise refuse(
                "scan_shape_mismatch",
                f"scan_shape {from_depositor[0]} × {from_depositor[1]} does not fit {name}, "
                f"which holds {frames} patterns.",
                f"Correct scan_shape so that rows × columns = {frames}.",
            )
        return ScanLayout(_grid(from_depositor), "depositor", tuple(findings))
    if frames > 1 and hints.frame_axis:
        return ScanLayout((Axis(hints.frame_axis, frames),), "depositor", tuple(findings))
    if frames == 1:
        return ScanLayout((), "file", tuple(findings))
    if guess and guess[0] * guess[1] == frames:
        findings.append(_guessed(name, guess, guessed_from))
        return ScanLayout(_grid(guess), "guessed", tuple(findings))
    findings.append(ask_scan_shape(positions=frames, name=name))
    return ScanLayout((Axis("position", frames),), "guessed", tuple(findings))


def _misfit(name: str, in_file: ScanShape, frames: int) -> Finding:
    return warn(
        "scan_shape_conflict",
        f"{name} says {in_file[0]} × {in_file[1]} positions but holds {frames} patterns.",
        "Readers see a row of patterns, as their number decides. Give the scan shape if it was a scan.",
        pointer="/scan_shape",
    )


def _conflict(name: str, in_file: ScanShape, from_depositor: ScanShape) -> Finding:
    return warn(
        "scan_shape_conflict",
        f"{name} says {in_file[0]} × {in_file[1]}, the metadata {from_depositor[0]} × {from_depositor[1]}.",
        "Readers see the file's shape. Take your scan shape back, or correct it.",
        pointer="/scan_shape",
    )


def _guessed(name: str, guess: ScanShape, guessed_from: str) -> Finding:
    return warn(
        "scan_shape_guessed",
        f"The scan shape {guess[0]} × {guess[1]} of {name} is a guess from {guessed_from}.",
        "Readers would see a sheared or folded picture if it is another. Confirm it: give the scan shape as rows × "
        "columns.",
        pointer="/scan_shape",
    )
