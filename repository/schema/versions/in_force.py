"""The versions of the metadata schema: which there are, which are released, and which one is in force.

A released version is a folder of frozen files. The version in force is the one under which drafts are made; it is what
the field catalogue says. Until its folder is written it is open: it may still grow.
"""

import re
from pathlib import Path

FIRST_VERSION = "1.0.0"
VERSION_IN_FORCE = "1.1.0"
SCHEMA_KEY = "schema"
"""Where a document may say in the words of which version it is written; what is kept is in those of today."""
RELEASES = Path(__file__).parents[1] / "releases"
_FORM = re.compile(r"\d+\.\d+\.\d+")


def get_version_in_force() -> str:
    """Return the version that new rows name."""
    return VERSION_IN_FORCE


def is_released(version: str) -> bool:
    """Say whether the files of a version are frozen."""
    return bool(_FORM.fullmatch(version)) and (RELEASES / version).is_dir()


def list_versions() -> tuple[str, ...]:
    """Return every version that there is, the oldest first."""
    released = {path.name for path in RELEASES.iterdir() if is_released(path.name)}
    return tuple(sorted(released | {VERSION_IN_FORCE}, key=_order))


def _order(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
