"""A Ripple text names the length and type of its numbers; the numbers have the same name and end in `.raw`."""

from ingest.formats.ripple.header import REQUIRED, read_keywords
from ingest.readers.companion_plan import CompanionPlan
from ingest.readers.companions import find_beside, stem_of
from ingest.readers.parts import Recognized
from ingest.readers.uploaded_file import UploadedFile

_MOST_BYTES = 65_536


def recognize_ripple(file: UploadedFile) -> Recognized | None:
    """Say whether the file is a Ripple text, by its keywords: many programs leave its first line out."""
    if file.size > _MOST_BYTES or file.text is None:
        return None
    if len(REQUIRED & read_keywords(file.text).keys()) < len(REQUIRED) - 1:
        return None
    return Recognized(f"text with {', '.join(sorted(REQUIRED))}")


def group_ripple(plan: CompanionPlan) -> None:
    """Give each text the numbers of its own name, and say it where they are missing."""
    for primary in plan.having("primary"):
        wanted = f"{stem_of(primary)}.raw"
        found = find_beside(wanted, primary=primary, files=plan.matches)
        if found is not None and found not in plan.taken:
            plan.add(primary, (found,))
        else:
            plan.note_missing(primary, wanted, "its numbers")
            plan.add(primary)
