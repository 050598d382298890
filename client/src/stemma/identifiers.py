"""What a person may hand in where an ID is asked: an id, a DOI or an address."""

import re
from dataclasses import dataclass
from typing import Literal
from urllib.parse import SplitResult, unquote, urlsplit

from stemma.errors import UsageError

RecordKind = Literal["datasets", "deposits", "measurements"]

_ID = re.compile(r"(?<![0-9a-z])([0-9a-z]{4}-[0-9a-z]{3}[0-9a-z*~$=])(?![0-9a-z])")
# Without its dash an id is taken only where nothing else can stand.
_DASHLESS = re.compile(
    r"(^(?=.{8}$)|(?:datasets|deposits|measurements)/|10\.\d{4,9}/)([0-9a-z]{4})([0-9a-z]{3}[0-9a-z*~$=])(?![0-9a-z-])"
)
_VERSION = re.compile(r"(?:\.v|/versions/|/v)(\d+)")
_MISREAD = str.maketrans({"i": "1", "l": "1", "o": "0"})


@dataclass(frozen=True, slots=True)
class Reference:
    """A record's id, what kind of record the text says it is (if it says), its version, and its server."""

    id: str
    kind: RecordKind | None = None
    version: int | None = None
    server: str | None = None


def parse_reference(text: str) -> Reference:
    """Read an id (``7q2m-x4d9``; the dash may be left out), a DOI (bare, ``doi:``, as address) or an address.

    The letters i and l are read as 1 and o as 0: Crockford's base 32, in which ids are written, lacks them.

    Raises
    ------
    UsageError
        There is no id in the text.
    """
    cleaned = unquote(text.strip()).lower()
    server = None
    path = cleaned
    if "://" in cleaned:
        parts = split_address(cleaned)
        path = parts.path
        if parts.hostname not in {"doi.org", "dx.doi.org", "www.doi.org"}:
            server = f"{parts.scheme}://{parts.netloc}"
    path = _DASHLESS.sub(r"\1\2-\3", path.removeprefix("doi:"))
    kind = _find_kind(path)
    matches = list(_ID.finditer(path))
    if not matches:
        raise UsageError(
            f"{text!r} holds no Stemma id.",
            hint="An id looks like 7q2m-x4d9; a DOI or the address of the page does as well.",
        )
    found = matches[-1] if kind is None else _after_kind(matches, path.index(f"{kind}/"))
    version = _VERSION.match(path, found.end())
    return Reference(
        id=found.group(1).translate(_MISREAD),
        kind=kind,
        version=int(version.group(1)) if version else None,
        server=server,
    )


def split_address(text: str) -> SplitResult:
    """Return the parts of an address.

    Raises
    ------
    UsageError
        It is malformed.
    """
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError as fault:
        raise UsageError(f"{text!r} is not an address: {fault}.") from fault
    return parts


def _find_kind(path: str) -> RecordKind | None:
    kinds: tuple[RecordKind, ...] = ("datasets", "deposits", "measurements")
    return next((kind for kind in kinds if f"{kind}/" in path), None)


def _after_kind(matches: list[re.Match[str]], start: int) -> re.Match[str]:
    return next((match for match in matches if match.start() > start), matches[-1])
