"""A master, the data files that it links to, and the STEM metadata of the same name."""

from ingest.formats.dectris.links import check_data_name, find_base, find_number
from ingest.formats.dectris.recognition import DATA_LABEL
from ingest.readers.companion_plan import CompanionPlan
from ingest.readers.companions import base_of, find_beside, folder_of, stem_of
from ingest.readers.contract import ReadRefusedError
from ingest.readers.refusals import refuse, tell, warn

_NAMED = 5


def group_dectris(plan: CompanionPlan) -> None:
    """Give each master its data files and its STEM metadata; data files without a master are frames alone."""
    data, sidecars = _sort(plan)
    # The master of the same name first, so that a renamed copy of it takes nothing away.
    masters = sorted(plan.having("primary"), key=lambda path: (not _is_own(plan, path), path))
    for master in masters:
        found = _take_data(plan, master)
        plan.add(master, (*found, *_find_sidecar(master, sidecars, plan)))
    for parts in _group_lone(plan, data):
        _add_lone(plan, parts, sidecars)
    for sidecar in sidecars:
        if sidecar not in plan.taken:
            plan.note_missing(sidecar, f"{stem_of(sidecar)}_master.h5", "the master file of the same scan")


def _sort(plan: CompanionPlan) -> tuple[list[str], list[str]]:
    """Return the data files and the files of STEM metadata."""
    data: list[str] = []
    sidecars: list[str] = []
    for path in plan.having("companion"):
        (data if plan.matches[path].label == DATA_LABEL else sidecars).append(path)
    return data, sidecars


def _is_own(plan: CompanionPlan, master: str) -> bool:
    base = find_base(stem_of(master))
    return any(find_base(stem_of(name)) == base for name in plan.matches[master].refers_to)


def _take_data(plan: CompanionPlan, master: str) -> tuple[str, ...]:
    """Return the data files of a master that are there and free, in the order of its links; say what is not."""
    found, missing = [], []
    for name in plan.matches[master].refers_to:
        try:
            wanted = check_data_name(name, inside=base_of(master))
        except ReadRefusedError as error:
            plan.note(master, error.finding)
            continue
        path = find_beside(wanted, primary=master, files=plan.matches)
        if path is None:
            missing.append(wanted)
        elif path in plan.taken:
            plan.note(
                master,
                refuse(
                    "companion_claimed_twice",
                    f"{base_of(master)} needs {wanted}, which is part of another measurement already.",
                    "Keep one of the two master files, or upload each acquisition into a folder of its own.",
                ).finding,
            )
        else:
            found.append(path)
    for name in missing[:_NAMED]:
        plan.note_missing(master, name, "its frames")
    if len(missing) > _NAMED:
        plan.note_missing(master, f"{len(missing) - _NAMED} more data files", f"up to {missing[-1]}")
    return tuple(found)


def _find_sidecar(primary: str, sidecars: list[str], plan: CompanionPlan) -> tuple[str, ...]:
    wanted = (folder_of(primary), find_base(stem_of(primary)).casefold())
    fitting = [
        path
        for path in sidecars
        if (folder_of(path), stem_of(path).casefold()) == wanted and path not in plan.taken
    ]
    return tuple(fitting[:1])


def _group_lone(plan: CompanionPlan, data: list[str]) -> list[list[str]]:
    sets: dict[tuple[str, str], list[str]] = {}
    for path in data:
        if path not in plan.taken:
            sets.setdefault((folder_of(path), find_base(stem_of(path))), []).append(path)
    return [sorted(paths, key=lambda path: (find_number(stem_of(path)), path)) for paths in sets.values()]


def _add_lone(plan: CompanionPlan, parts: list[str], sidecars: list[str]) -> None:
    """Make a measurement of data files that no master links to."""
    first = parts[0]
    master = f"{find_base(stem_of(first))}_master.h5"
    plan.note(
        first,
        warn(
            "companion_missing",
            f"{base_of(first)} has frames of a DECTRIS detector, but {master} does not lie beside it.",
            "Readers get neither voltage nor time nor the mask of dead pixels. Upload the master file into the same "
            "folder, or give these yourself and acknowledge this.",
        ),
    )
    if len(parts) > 1:
        told = f"{len(parts)} data files of one name are taken for one run, in the order of their numbers."
        plan.note(
            first, tell("data_files_joined", told, "Put them into folders of their own if they are not.")
        )
    plan.add(first, (*parts[1:], *_find_sidecar(first, sidecars, plan)))
