"""Released schema files, as they were released: read from the tree, never built or fetched at run time."""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

RELEASES = Path(__file__).parent / "releases"
_NAME = re.compile(r"(?:[a-z0-9_]+/)?[a-z0-9_]+\.(?:json|jsonld)")
_VERSION = re.compile(r"\d+\.\d+\.\d+")


@cache
def read_release(version: str, name: str) -> dict[str, Any] | None:
    """Return a file of a release; `None` where the version or the name does not exist."""
    if not _VERSION.fullmatch(version) or not _NAME.fullmatch(name):
        return None
    path = RELEASES / version / name
    if not path.is_file():
        return None
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return document
