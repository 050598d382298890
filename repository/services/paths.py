"""The form of a file's path inside a deposit."""

import re
import unicodedata

from repository.errors import InvalidPathError

LONGEST_PART_BYTES = 255
LONGEST_PATH_BYTES = 1024
# Marks that turn the direction of writing: with them `gpj.exe` shows as `exe.jpg`.
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_DRIVE = re.compile(r"[A-Za-z]:")


def normalize_path(text: str) -> str:
    """Return the path in the form that is stored: relative, forward slashes, Unicode NFC.

    Raises
    ------
    InvalidPathError
        Absolute, empty, with `..`, with control or direction characters, or too long for a file system.
    """
    path = unicodedata.normalize("NFC", text).replace("\\", "/")
    if not path.strip():
        raise InvalidPathError("The file has no name.")
    if path.startswith("/"):
        raise InvalidPathError(f"The path {_shorten(path)} is absolute.")
    if any(
        character in _TURNING or unicodedata.category(character) in {"Cc", "Cs", "Co", "Cn"}
        for character in path
    ):
        raise InvalidPathError(f"The path {_shorten(path)} has characters that no file name may have.")
    parts = [part for part in path.split("/") if part not in {"", "."}]
    if not parts or ".." in parts:
        raise InvalidPathError(f"The path {_shorten(path)} leaves the deposit.")
    if _DRIVE.match(parts[0]):
        raise InvalidPathError(f"The path {_shorten(path)} is absolute.")
    for part in parts:
        if not part.strip():
            raise InvalidPathError(f"A folder or file in {_shorten(path)} has a name of blanks only.")
        if len(part.encode()) > LONGEST_PART_BYTES:
            length = len(part.encode())
            raise InvalidPathError(
                f"The name {_shorten(part)} is {length} bytes long; at most {LONGEST_PART_BYTES} are possible."
            )
    joined = "/".join(parts)
    if len(joined.encode()) > LONGEST_PATH_BYTES:
        raise InvalidPathError(f"The path {_shorten(joined)} is longer than {LONGEST_PATH_BYTES} bytes.")
    return joined


def fold_case(path: str) -> str:
    """Return what two paths share that a case-blind file system cannot hold side by side."""
    return unicodedata.normalize("NFC", path.casefold())


def _shorten(text: str) -> str:
    printable = "".join(
        character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text
    )
    return f"“{printable[:80]}…”" if len(printable) > 80 else f"“{printable}”"  # noqa: PLR2004  # a line of text
