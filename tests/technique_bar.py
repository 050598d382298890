"""``python -m tests.technique_bar``: how often a technique that is proposed as sure is right, over the real files.

What is right stands in `technique_truth.yaml`, with the reason; nothing of it is made by the code that is judged.
"""

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from ingest.formats.grouping import group_files
from ingest.formats.headers import map_vendor_header
from ingest.formats.opening import open_measurement
from ingest.formats.recognition import recognize
from ingest.readers.contract import MeasurementFiles, ReadRefusedError, SignalSource
from processing.quality.frame_look import look_at_frame
from repository.schema.documents.calibrated_axes import calibrate_signals
from repository.schema.documents.merging import merge_metadata
from repository.schema.documents.path_patterns import fits_pattern
from repository.schema.documents.proposals import propose_technique
from repository.schema.documents.technique_guesses import FrameLook, Proposal, SeenSignal
from repository.schema.quantities.signals import SignalShape
from tests.realdata import ENVIRONMENT, find_realdata

TRUTH = Path(__file__).with_name("technique_truth.yaml")
BAR = 0.95
LARGEST_FRAME = 4096


@dataclass(frozen=True, slots=True)
class Truth:
    """What files show; no techniques where nobody can say it."""

    files: str
    techniques: frozenset[str] | None
    why: str


@dataclass(frozen=True, slots=True)
class Readable:
    """A real measurement that is read: what its header says, and what was seen of its arrays."""

    path: str
    header: Mapping[str, Any]
    signals: tuple[SeenSignal, ...]


@dataclass(frozen=True, slots=True)
class Judged:
    """A proposal, and what it should have been."""

    path: str
    proposal: Proposal
    truth: Truth

    @property
    def is_right(self) -> bool:
        return frozenset(self.proposal.techniques) == self.truth.techniques


def load_truth() -> list[Truth]:
    entries = yaml.safe_load(TRUTH.read_text(encoding="utf-8"))
    return [
        Truth(
            entry["files"],
            None if entry["techniques"] is None else frozenset(entry["techniques"]),
            entry["why"],
        )
        for entry in entries
    ]


def find_truth(path: str, known: Sequence[Truth]) -> Truth:
    return next(one for one in known if path == one.files or fits_pattern(path, one.files))


def read_all(root: Path) -> Iterator[Readable]:
    """Open every measurement among the real files, as a deposit of all of them does; what is refused is left out."""
    paths = sorted(path for path in root.rglob("*") if path.is_file() and path.name != "MANIFEST.csv")
    names = {str(path.relative_to(root)): path for path in paths}
    matches = {name: recognize(path, name) for name, path in names.items()}
    grouping = group_files(matches, {name: path.stat().st_size for name, path in names.items()})
    for group in grouping.measurements:
        try:
            yield _read(group, names)
        except ReadRefusedError:
            continue


def _read(group: MeasurementFiles, names: Mapping[str, Path]) -> Readable:
    files = {name: names[name] for name in (group.primary, *group.companions)}
    with open_measurement(group.format, files) as opened:
        described = [signal.describe() for signal in opened.signals]
        header = map_vendor_header(group.format, opened.header, described).document
        document = merge_metadata(header=header, supplied_layers=[]).document
        shapes = calibrate_signals([SignalShape.from_dict(one) for one in described], document)
        seen = tuple(
            SeenSignal(shape, source.dtype.name, source.shape_origin == "guessed", _look_at(source))
            for shape, source in zip(shapes, opened.signals, strict=True)
        )
    return Readable(group.primary, header, seen)


def _look_at(source: SignalSource) -> FrameLook | None:
    """Look at the middle frame, as converting does."""
    names = {axis.name for axis in source.axes}
    if source.n_signal_axes != 2 or names & {"scan_y", "scan_x"} or source.dtype.kind == "c":
        return None
    if max(source.shape[-2:]) > LARGEST_FRAME:
        return None
    middle = tuple(slice(size // 2, size // 2 + 1) for size in source.shape[:-2])
    look = look_at_frame(np.asarray(source.read(middle)).reshape(source.shape[-2:]))
    return None if look is None else FrameLook(look.center_over_mean, look.half_turn)


def judge_all(root: Path) -> list[Judged]:
    """Propose for every readable measurement, and compare with the truth."""
    known = load_truth()
    judged = []
    for one in read_all(root):
        proposal = propose_technique(one.header, one.signals)
        if proposal is not None:
            judged.append(Judged(one.path, proposal, find_truth(one.path, known)))
    return judged


def main() -> int:
    """Print the bar; 1 where it is missed, 2 without real files."""
    root = find_realdata()
    if root is None:
        sys.stdout.write(f"There are no real files; set {ENVIRONMENT} to their folder.\n")
        return 2
    judged = judge_all(root)
    sys.stdout.write("\n".join((*describe(judged), "")))
    return 0 if measure_share(judged) >= BAR else 1


def measure_share(judged: Sequence[Judged]) -> float:
    """Return how many of the sure proposals are right."""
    sure = [one for one in judged if one.proposal.sure]
    return sum(one.is_right for one in sure) / len(sure) if sure else 0.0


def describe(judged: Sequence[Judged]) -> Iterator[str]:
    """Yield the lines of the report: each wrong one, then the counts."""
    sure = [one for one in judged if one.proposal.sure]
    for one in sure:
        if not one.is_right:
            expected = ", ".join(sorted(one.truth.techniques or ())) or "nothing that anybody can say"
            yield f"WRONG  {one.path}: {', '.join(one.proposal.techniques)}. {one.proposal.why}"
            yield f"       It is {expected}: {one.truth.why}."
    unsure = [one for one in judged if not one.proposal.sure]
    named = [one for one in unsure if one.proposal.techniques]
    right = sum(one.is_right for one in sure)
    yield f"{len(judged)} measurements are read."
    yield f"{len(sure)} proposals are sure, {right} of them right: {measure_share(judged):.1%} (at least {BAR:.0%})."
    hit = sum(one.is_right for one in named)
    yield f"{len(unsure)} are unsure; {len(named)} of these name a technique, {hit} of them the right one."


if __name__ == "__main__":
    sys.exit(main())
