"""A format is one folder: nothing else in the code knows it, and every table of formats is made from the folders."""

import re
import subprocess
import sys

from ingest.formats.registry import get_registry, list_formats
from project.environment import CHECKOUT
from tests.architecture.test_boundaries import SCIENCE, list_modules_of
from tests.ties import tie
from tools.formats import DOCUMENTS, replace_table

ROOMS = ("project", "repository", "confined", "ingest", "processing", "api", "frontend", "tools")
# Which existing code files somebody edits who adds a format. It was five.
FILES_TO_EDIT = 0


def test_adding_a_format_edits_no_file_of_the_code() -> None:
    """The id of a format stands in its own folder alone; a table that repeats it would have to be edited."""
    named = {
        str(file.relative_to(CHECKOUT))
        for room in ROOMS
        for file in (CHECKOUT / room).rglob("*")
        if file.suffix in {".py", ".html", ".ts"}
        and "examples" not in file.parts
        and "node_modules" not in file.parts
        for form in list_formats()
        if not str(file.relative_to(CHECKOUT)).startswith(f"{form.folder}/")
        and re.search(rf"""["']{form.id}["']""", file.read_text(encoding="utf-8"))
    }
    assert len(named) == FILES_TO_EDIT, named


def test_folders_know_nothing_of_each_other() -> None:
    for form in list_formats():
        for file in (CHECKOUT / form.folder).glob("*.py"):
            for other in re.findall(r"ingest\.formats\.(\w+)\.", file.read_text(encoding="utf-8")):
                assert f"ingest/formats/{other}" == form.folder, file


def test_tables_in_the_documents_are_current() -> None:
    for name in DOCUMENTS:
        text = (CHECKOUT / name).read_text(encoding="utf-8")
        assert replace_table(text) == text, f"{name}: run `make formats`"
        for form in list_formats():
            assert f"| {form.title} |" in text


def test_the_web_process_knows_every_format_and_reads_none() -> None:
    loaded = list_modules_of("asgi")
    ours = {name for name in loaded if name.startswith("ingest.formats.")}
    declared = {f"ingest.formats.{form.folder.rpartition('/')[2]}" for form in list_formats()}
    allowed = {
        f"ingest.formats.{name}" for name in ("declaration", "faults", "headers", "registry")
    } | declared
    assert "ingest.formats.registry" in ours
    assert ours - allowed <= {f"{package}.declaration" for package in declared}


def test_no_mapping_needs_a_science_library() -> None:
    """Workers map headers; what reads files is imported in the confined process alone."""
    ask = (
        "import json, sys\nfrom ingest.formats.registry import list_formats\n"
        "for form in list_formats(): form.load('map')\nprint(json.dumps(sorted(sys.modules)))"
    )
    asked = subprocess.run(
        tie(sys.executable, "-c", ask), cwd=CHECKOUT, capture_output=True, text=True, check=True
    )
    assert not [name for name in SCIENCE if f'"{name}"' in asked.stdout]
    assert get_registry().set_aside == ()
