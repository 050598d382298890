"""Release the version in force: `python -m repository.schema.versions.freezing` writes its files, once.

What is released is never written again. It prints the digests that `tests/unit/schema/released.sha256` then holds.
"""

import hashlib
import json
import sys
import tempfile
from pathlib import Path

from repository.schema.versions.files import build_files
from repository.schema.versions.in_force import RELEASES, VERSION_IN_FORCE


class AlreadyReleasedError(Exception):
    """The folder of the version is there: what is in it stays as it is."""


def write_release(folder: Path) -> list[Path]:
    """Write the version in force into a folder that must not exist yet, and return the paths written.

    What is cut short leaves no folder: a part of a release would stand as the whole for ever.

    Raises
    ------
    AlreadyReleasedError
        The version is released.
    """
    if folder.exists():
        raise AlreadyReleasedError(
            f"Version {folder.name} is released; its files never change. To change the schema, set VERSION_IN_FORCE in "
            "repository/schema/versions/in_force.py to the next version and add the step to it in "
            "repository/schema/versions/steps.py."
        )
    files = build_files()
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".unfinished-", dir=folder.parent) as place:
        begun = Path(place) / folder.name
        for name, content in files.items():
            path = begun / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        begun.rename(folder)
    return [folder / name for name in files]


def list_digests(folder: Path) -> list[str]:
    """Return a line of `sha256sum` for every file of a release."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return [
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(folder.parent).as_posix()}"
        for path in files
    ]


def main() -> int:
    """Release the version in force and print its digests."""
    folder = RELEASES / VERSION_IN_FORCE
    try:
        write_release(folder)
    except AlreadyReleasedError as refusal:
        sys.stderr.write(f"{refusal}\n")
        return 1
    sys.stdout.write("\n".join(list_digests(folder)) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
