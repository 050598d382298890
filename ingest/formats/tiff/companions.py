"""Which TIFF files are one measurement: the files of an OME set, and a numbered run of single frames in a folder."""

import re
from collections import Counter, defaultdict
from collections.abc import Mapping

from ingest.formats.tiff.recognition import SINGLE
from ingest.readers.companion_plan import CompanionPlan
from ingest.readers.companions import base_of, folder_of
from ingest.readers.refusals import tell, warn

LEAST_FRAMES = 16  # fewer pictures with numbers are a session's
_LEAST_SHARE = 0.9
_NUMBERED = re.compile(r"(?P<before>.*?)(?P<number>\d{1,12})(?P<after>\D*)")
_MOST_TOLD = 20


def group_tiff(plan: CompanionPlan) -> None:
    """Group OME sets by the names in them, then frames by the numbers in their names."""
    files = {(folder_of(path), base_of(path).casefold()): path for path in plan.having("primary")}
    for path in files.values():
        if plan.matches[path].refers_to and path not in plan.taken:
            _group_ome(plan, path, files)
    runs: dict[tuple[str, str, str], list[tuple[int, str]]] = defaultdict(list)
    for path in files.values():
        found = _NUMBERED.fullmatch(base_of(path))
        if found and path not in plan.taken and SINGLE in plan.matches[path].reason:
            key = (folder_of(path), found["before"].casefold(), found["after"].casefold())
            runs[key].append((int(found["number"]), path))
    for run in runs.values():
        if len(run) >= LEAST_FRAMES:
            _group_run(plan, sorted(run))


def _group_ome(plan: CompanionPlan, path: str, files: Mapping[tuple[str, str], str]) -> None:
    """Give the first file of a set the others; one that is missing is named."""
    named = plan.matches[path].refers_to
    if named == (base_of(path),) or (len(named) == 1 and (folder_of(path), named[0].casefold()) not in files):
        return  # its own name, or the one it had before somebody renamed it
    there = [files.get((folder_of(path), name.casefold())) for name in named]
    members = [member for member in dict.fromkeys([*there, path]) if member and member not in plan.taken]
    plan.add(members[0], tuple(members[1:]))
    missing = [name for name, member in zip(named, there, strict=True) if member is None]
    for name in missing[:_MOST_TOLD]:
        plan.note_missing(members[0], name, "planes of the same picture")


def _group_run(plan: CompanionPlan, run: list[tuple[int, str]]) -> None:
    """Make one measurement of frames of one kind whose numbers follow each other; what differs stands alone."""
    kinds = Counter(_kind(plan, path) for _, path in run)
    kind, count = kinds.most_common(1)[0]
    frames = [(number, path) for number, path in run if _kind(plan, path) == kind]
    numbers = {number for number, _ in frames}
    reach = frames[-1][0] - frames[0][0] + 1
    if count < max(LEAST_FRAMES, _LEAST_SHARE * len(run)) or len(numbers) < max(
        len(frames), _LEAST_SHARE * reach
    ):
        return
    first, *others = (path for _, path in frames)
    plan.add(first, tuple(others))
    message = f"{count} files with one frame each, {base_of(first)} to {base_of(others[-1])}, are read as one series."
    hint = "They follow in the order of the numbers in their names. If they are separate pictures, take them apart."
    plan.note(first, tell("frames_are_a_series", message, hint))
    if len(numbers) < reach:
        message = (
            f"{reach - len(numbers)} numbers between {base_of(first)} and {base_of(others[-1])} are missing."
        )
        plan.note(
            first,
            warn(
                "frames_missing",
                message,
                "Readers would take the frames for neighbours. Check whether all were uploaded.",
            ),
        )
    for _, path in run:
        if path not in plan.taken:
            message = (
                f"{base_of(path)} differs from the {count} frames with names like its own, and stands alone."
            )
            plan.note(
                path,
                warn(
                    "frames_differ",
                    message,
                    "Readers see it by itself. Check whether it belongs to the series.",
                ),
            )


def _kind(plan: CompanionPlan, path: str) -> tuple[str, str]:
    match = plan.matches[path]
    return match.label, match.reason
