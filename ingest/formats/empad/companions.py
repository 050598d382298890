"""An xml header and the raw file that it names."""

from ingest.formats.empad.header import find_named_shape
from ingest.formats.empad.reader import FRAME_BYTES
from ingest.formats.empad.words import G2_FRAME_BYTES, is_g2
from ingest.readers.companion_plan import CompanionPlan
from ingest.readers.companions import base_of, check_bare_name, find_beside, folder_of
from ingest.readers.contract import ReadRefusedError
from ingest.readers.refusals import warn


def group_empad(plan: CompanionPlan) -> None:
    """Pair each xml with the raw file that it names, else with the only free raw file beside it."""
    headers = plan.having("primary")
    for xml in headers:
        wanted = _empad_target(plan, xml)
        found = find_beside(wanted, primary=xml, files=plan.matches) if wanted else None
        if found is not None:
            plan.add(xml, (found,))
    for xml in headers:
        if xml in plan.taken:
            continue
        free = [
            raw
            for raw in plan.having("companion")
            if raw not in plan.taken and folder_of(raw) == folder_of(xml)
        ]
        alone = sum(other not in plan.taken and folder_of(other) == folder_of(xml) for other in headers) == 1
        wanted = _empad_target(plan, xml)
        if wanted and alone and len(free) == 1:
            plan.add(xml, (free[0],))
            continue
        if wanted:
            plan.note_missing(xml, wanted, "its raw file")
        plan.add(xml)
    for raw in plan.having("companion"):
        if raw not in plan.taken:
            _add_lone_raw(plan, raw)


def _empad_target(plan: CompanionPlan, xml: str) -> str | None:
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


def _add_lone_raw(plan: CompanionPlan, raw: str) -> None:
    """Make a measurement of a raw file without xml only where its name says that the detector wrote it.

    A size that is a whole number of frames says little: any array of floats may have it.
    """
    size = plan.sizes.get(raw, 0)
    named = find_named_shape(base_of(raw))
    counts = [named[0] * named[1]] if named else []
    frames = size // (G2_FRAME_BYTES if is_g2(size, counts) else FRAME_BYTES)
    if named is None:
        message = (
            f"{base_of(raw)} ({size} bytes) would hold {frames} EMPAD frames, but no xml header names it: any array "
            "may have that size."
        )
        hint = (
            "Readers can download it and see nothing of it here: it is stored, not read. If it is of an "
            "EMPAD, upload the .xml of the same acquisition, or name the file as the detector does, "
            "scan_x<columns>_y<rows>.raw. Else acknowledge this, and describe shape and type in the metadata."
        )
        plan.note(raw, warn("raw_data_not_read", message, hint))
        return
    plan.note(
        raw,
        warn(
            "companion_missing",
            f"{base_of(raw)} looks like EMPAD data ({frames} frames) but no xml header names it.",
            "Readers get no voltage, step or scan from it. Upload the .xml of the same acquisition, or give the "
            "scan shape yourself.",
        ),
    )
    plan.add(raw)
