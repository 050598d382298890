"""An export is one file: nothing else in the code knows it."""

import re

from project.environment import CHECKOUT
from repository.exports.registry import ROOM, list_exports
from tests.architecture.test_boundaries import SCIENCE, list_modules_after

ROOMS = ("project", "repository", "ingest", "processing", "api", "frontend", "client", "tools")
# Which existing code files somebody edits who adds an export, with or without arrays. It was four.
FILES_TO_EDIT = 0
ASK = """
import json, sys
from repository.exports.registry import get_registry
assert len(get_registry().exports) >= 4 and not get_registry().set_aside
print(json.dumps(sorted(sys.modules)))
"""


def test_adding_an_export_edits_no_file_of_the_code() -> None:
    """Its ending stands in its own file alone, as a word or after an id; a table that repeats it would need an edit."""
    named = {
        str(file.relative_to(CHECKOUT))
        for room in ROOMS
        for file in (CHECKOUT / room).rglob("*")
        if file.suffix in {".py", ".html", ".ts"} and not {"node_modules", "generated"} & set(file.parts)
        for export in list_exports()
        if str(file.relative_to(CHECKOUT)) != export.file
        and re.search(rf"""(["']|\}}\.){re.escape(export.ending)}["'?]""", file.read_text(encoding="utf-8"))
    }
    assert len(named) == FILES_TO_EDIT, named


def test_every_other_file_of_the_room_is_shared() -> None:
    files = {file.stem for file in (CHECKOUT / "repository" / "exports").glob("*.py")}
    declared = {export.module.rpartition(".")[2] for export in list_exports()}
    assert files - declared == {*ROOM, "__init__"}


def test_declarations_of_exports_import_neither_framework_nor_science() -> None:
    """They are read by every web process, and what is streamed is written there."""
    loaded = list_modules_after(ASK)
    assert loaded & {*SCIENCE, "django", "celery"} == set()
