"""Write the released schema files: `python -m repository.schema.release`.

The files of a version are committed and never edited by hand; a test fails when they differ from the
catalogue.
"""

import json
import sys
from pathlib import Path

from repository.schema.fields import SCHEMA_VERSION
from repository.schema.json_schema import build_release
from repository.schema.linked_data import build_context

RELEASES = Path(__file__).parent / "releases"


def build_files() -> dict[str, str]:
    """Return the text of every file of the release by its relative path."""
    files = {f"{name}.json": schema for name, schema in build_release().items()}
    files["context.jsonld"] = build_context()
    return {name: json.dumps(content, indent=2, ensure_ascii=False) + "\n" for name, content in files.items()}


def write_release(folder: Path) -> list[Path]:
    """Write the release into a folder and return the paths written."""
    written = []
    for name, text in build_files().items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        written.append(path)
    return written


if __name__ == "__main__":
    for written_path in write_release(RELEASES / SCHEMA_VERSION):
        sys.stdout.write(f"{written_path.relative_to(RELEASES)}\n")
