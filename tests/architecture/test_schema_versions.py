"""Which versions of the schema there are is said in one place; everything else asks."""

import re
from pathlib import Path

from repository.schema.versions.in_force import list_versions
from tests.architecture.test_shape import list_files

ROOT = Path(__file__).parents[2]
ROOMS = ("repository/", "ingest/", "processing/", "api/", "frontend/", "client/src/", "tools/", "bench/")
HISTORY = re.compile(r"(^|/)(migrations|releases|generated)/|^api/openapi\.yaml$")
OTHER_PROTOCOL = re.compile(r"\btus", re.IGNORECASE)
"""Resumable upload has a version of its own, which is 1.0.0 too."""


def test_a_version_of_the_schema_is_named_once() -> None:
    versions = "|".join(map(re.escape, list_versions()))
    literal = re.compile(rf"""["'/]({versions})["'/]""")
    listed = [name for name in list_files() if name.startswith(ROOMS)]
    found: dict[str, list[str]] = {}
    for name in listed:
        if HISTORY.search(name) or OTHER_PROTOCOL.search(Path(name).stem):
            continue
        if name.endswith((".py", ".html", ".ts", ".yaml", ".json", ".mjs", ".toml")):
            for line in (ROOT / name).read_text("utf-8").splitlines():
                if (hit := literal.search(line)) and not OTHER_PROTOCOL.search(line):
                    found.setdefault(hit[1], []).append(name)
    assert found == {version: ["repository/schema/versions/in_force.py"] for version in list_versions()}
