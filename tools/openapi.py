"""Write api/openapi.yaml from the views, or tell where the committed file differs; copy what the pages hold too."""

import difflib
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from repository.schema.quantities.unit_symbols import build_table
from tests.environment import set_defaults
from tests.ties import tie

CHECKOUT = Path(__file__).resolve().parents[1]
DOCUMENT = CHECKOUT / "api" / "openapi.yaml"
SCHEMA = CHECKOUT / "repository" / "schema"
SYMBOLS = CHECKOUT / "frontend" / "islands" / "generated" / "unit-symbols.json"
COPIES = {
    "client/src/stemma/file_names.json": SCHEMA / "file_names.json",
    "frontend/islands/generated/file-names.json": SCHEMA / "file_names.json",
    "frontend/islands/generated/outside-identifiers.json": SCHEMA / "outside_identifiers.json",
}


def generate() -> str:
    """Return the document that the views describe; a warning of the generator is an error."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "openapi.yaml"
        command = tie(sys.executable, "manage.py", "spectacular", "--fail-on-warn", "--file", file)
        if subprocess.run(command, cwd=CHECKOUT, check=False).returncode != 0:
            sys.exit("The views cannot be described: the lines above say which.")
        return file.read_text(encoding="utf-8")


def build_symbols() -> str:
    """Return the file with the symbols of units as the pages hold it."""
    return json.dumps(build_table(), ensure_ascii=False, indent=2) + "\n"


def main() -> int:
    set_defaults()
    generated = generate()
    if "--write" in sys.argv:
        DOCUMENT.write_text(generated, encoding="utf-8")
        for copy, source in COPIES.items():
            (CHECKOUT / copy).write_bytes(source.read_bytes())
        SYMBOLS.write_text(build_symbols(), encoding="utf-8")
        return 0
    committed = DOCUMENT.read_text(encoding="utf-8") if DOCUMENT.exists() else ""
    difference = list(
        difflib.unified_diff(
            committed.splitlines(keepends=True),
            generated.splitlines(keepends=True),
            "api/openapi.yaml",
            "the views",
        )
    )
    sys.stdout.writelines(difference[:200])
    if difference:
        sys.stdout.write(
            "The views and api/openapi.yaml differ: look at the lines above, then make openapi\n"
        )
    return 1 if difference else 0


if __name__ == "__main__":
    sys.exit(main())
