"""Which files belong to one measurement: a primary file with its companions, by names and content."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from ingest.readers.companions import base_of, check_bare_name, find_beside, folder_of, stem_of
from ingest.readers.contract import FormatMatch, Grouping, MeasurementFiles, ReadRefusedError
from repository.schema.findings import Finding

_NUMBERED = re.compile(r"^(.*?)[_-]?(\d+)$")
_EMPAD_FRAME_BYTES = 130 * 128 * 4


@dataclass(slots=True)
class _Plan:
    """Grouping in the making."""

    matches: Mapping[str, FormatMatch]
    sizes: Mapping[str, int]
    listing: Collection[str]
    taken: set[str] = field(default_factory=set)
    measurements: list[MeasurementFiles] = field(default_factory=list)
    findings: dict[str, list[Finding]] = field(default_factory=dict)

    def add(self, primary: str, identifier: str, companions: tuple[str, ...] = ()) -> None:
        self.taken.update((primary, *companions))
        self.measurements.append(MeasurementFiles(primary, identifier, companions))

    def note(self, path: str, finding: Finding) -> None:
        self.findings.setdefault(path, []).append(finding)

    def having(self, identifier: str, role: str) -> list[str]:
        return [
            path for path, match in self.matches.items() if match.format == identifier and match.role == role
        ]


def group_files(
    matches: Mapping[str, FormatMatch],
    sizes: Mapping[str, int] | None = None,
    listing: Collection[str] = (),
) -> Grouping:
    """Return the measurements in a set of recognized files.

    Parameters
    ----------
    matches
        What each file is, by its relative upload path.
    sizes
        Bytes of each file.
    listing
        Paths of the deposit that are not in `matches` (not stored yet, or crashed a reader); a companion
        among them is named as such.

    Returns
    -------
    Grouping
        Measurements in the order of their primary paths; leftovers are stored, not read.
    """
    plan = _Plan(matches, sizes or {}, listing)
    _group_empad(plan)
    _group_mib(plan)
    for path, match in matches.items():
        if match.readable and match.role == "primary" and match.format and path not in plan.taken:
            plan.add(path, match.format)
    leftovers = tuple(sorted(path for path in matches if path not in plan.taken))
    return Grouping(
        measurements=tuple(sorted(plan.measurements, key=lambda measurement: measurement.primary)),
        leftovers=leftovers,
        findings={path: tuple(found) for path, found in plan.findings.items()},
    )


def _group_empad(plan: _Plan) -> None:
    """Pair each xml with the raw file that it names, else with the only free raw file beside it."""
    headers = plan.having("empad", "primary")
    for xml in headers:
        wanted = _empad_target(plan, xml)
        found = find_beside(wanted, primary=xml, files=plan.matches) if wanted else None
        if found is not None:
            plan.add(xml, "empad", (found,))
    for xml in headers:
        if xml in plan.taken:
            continue
        free = [
            raw
            for raw in plan.having("empad", "companion")
            if raw not in plan.taken and folder_of(raw) == folder_of(xml)
        ]
        alone = sum(other not in plan.taken and folder_of(other) == folder_of(xml) for other in headers) == 1
        wanted = _empad_target(plan, xml)
        if wanted and alone and len(free) == 1:
            plan.add(xml, "empad", (free[0],))
            continue
        if wanted:
            plan.note(xml, _missing(plan, xml, wanted, "its raw file"))
        plan.add(xml, "empad")
    for raw in plan.having("empad", "companion"):
        if raw not in plan.taken:
            _add_lone_raw(plan, raw)


def _empad_target(plan: _Plan, xml: str) -> str | None:
    """Return the bare name that an xml gives; a path in its place is noted and not followed."""
    named = plan.matches[xml].refers_to
    if not named:
        return None
    try:
        return check_bare_name(named[0], inside=base_of(xml), field="raw_file/@filename")
    except ReadRefusedError as error:
        if xml not in plan.findings:
            plan.note(xml, error.finding)
        return None


def _add_lone_raw(plan: _Plan, raw: str) -> None:
    """Make a measurement of a raw file without xml, and ask for what the xml would have said."""
    frames = plan.sizes.get(raw, 0) // _EMPAD_FRAME_BYTES
    plan.note(
        raw,
        Finding(
            "warning",
            "companion_missing",
            f"{base_of(raw)} looks like EMPAD data ({frames} frames) but no xml header names it.",
            hint="Upload the .xml of the same acquisition, or give scan_shape in the metadata.",
            layer="reading",
        ),
    )
    plan.add(raw, "empad")


def _group_mib(plan: _Plan) -> None:
    """Join numbered parts of one acquisition and the hdr of the same stem."""
    headers = plan.having("mib", "companion")
    for parts in _mib_sets(plan):
        primary = parts[0]
        wanted = {stem_of(primary).casefold(), _common_stem(primary).casefold()}
        beside = [hdr for hdr in headers if folder_of(hdr) == folder_of(primary) and hdr not in plan.taken]
        fitting = [hdr for hdr in beside if stem_of(hdr).casefold() in wanted]
        plan.add(primary, "mib", (*parts[1:], *fitting[:1]))
        if not fitting:
            plan.note(
                primary, _missing(plan, primary, f"{stem_of(primary)}.hdr", "its hdr", severity="warning")
            )
    for hdr in headers:
        if hdr not in plan.taken:
            plan.note(hdr, _missing(plan, hdr, f"{stem_of(hdr)}.mib", "the MIB data it describes"))


def _mib_sets(plan: _Plan) -> list[list[str]]:
    """Return the mib files of each acquisition in their order.

    Numbered files are parts of one acquisition when one hdr has their common stem; else each stands alone.
    """
    data = sorted(plan.having("mib", "primary"))
    stems = {(folder_of(hdr), stem_of(hdr).casefold()) for hdr in plan.having("mib", "companion")}
    sets: dict[tuple[str, str], list[str]] = {}
    for path in data:
        key = (folder_of(path), _common_stem(path).casefold())
        own = (folder_of(path), stem_of(path).casefold())
        sets.setdefault(own if own in stems or key not in stems else key, []).append(path)
    return [sorted(paths, key=_part_number) for paths in sets.values()]


def _common_stem(path: str) -> str:
    numbered = _NUMBERED.match(stem_of(path))
    return numbered[1] if numbered else stem_of(path)


def _part_number(path: str) -> tuple[int, str]:
    numbered = _NUMBERED.match(stem_of(path))
    return (int(numbered[2]) if numbered else -1, path)


def _missing(plan: _Plan, path: str, wanted: str, what: str, *, severity: str = "error") -> Finding:
    folder = folder_of(path)
    listed = (f"{folder}/{wanted}" if folder else wanted) in plan.listing
    state = (
        "is in the deposit but could not be recognized" if listed else "was not uploaded into the same folder"
    )
    return Finding(
        "warning" if severity == "warning" else "error",
        "companion_missing",
        f"{base_of(path)} needs {wanted} ({what}), which {state}.",
        hint=f"Upload {wanted} beside it.",
        layer="reading",
    )
