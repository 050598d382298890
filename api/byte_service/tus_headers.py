"""The headers of tus 1.0.0: what a request says, and what every answer carries."""

import datetime as dt
from base64 import b64decode
from email.utils import format_datetime

from starlette.requests import Request

from api.byte_service.receiving import CHECKSUM_ALGORITHMS, Checksum
from api.caching import PRIVATE
from repository.errors import InvalidMetadataError

VERSION = "1.0.0"
LONGEST_NUMBER = 19


def tus_headers(**more: str) -> dict[str, str]:
    """Return the headers of every answer of the protocol."""
    return {"Tus-Resumable": VERSION, "Cache-Control": PRIVATE, **more}


def offset_headers(offset: int, expires_at: dt.datetime, **more: str) -> dict[str, str]:
    """Return the headers of an answer about an upload that waits for its next chunk."""
    expires = format_datetime(expires_at.astimezone(dt.UTC), usegmt=True)
    return tus_headers(**{"Upload-Offset": str(offset), "Upload-Expires": expires}, **more)


def parse_metadata(header: str) -> dict[str, str]:
    """Return the pairs of an Upload-Metadata header.

    Raises
    ------
    InvalidMetadataError
        A value is not base64 of UTF-8 text.
    """
    pairs: dict[str, str] = {}
    for pair in filter(None, (part.strip() for part in header.split(","))):
        key, _, value = pair.partition(" ")
        try:
            pairs[key] = b64decode(value.strip(), validate=True).decode("utf-8")
        except ValueError as error:
            raise InvalidMetadataError(
                f"The value of {key[:40]!r} in Upload-Metadata is not base64 of UTF-8 text.",
                pointer=f"/{key[:40]}",
            ) from error
    return pairs


def read_number(request: Request, name: str) -> int:
    """Return a header that counts bytes.

    Raises
    ------
    InvalidMetadataError
        It is missing or not a number.
    """
    text = request.headers.get(name, "")
    if not (text.isascii() and text.isdecimal()) or len(text) > LONGEST_NUMBER:
        raise InvalidMetadataError(
            f"The header {name.title()} must be a number of bytes.", pointer=f"/{name}"
        )
    return int(text)


def read_checksum(request: Request) -> Checksum | None:
    """Return what the chunk must hash to, where the client says it.

    Raises
    ------
    InvalidMetadataError
        The algorithm is unknown or the value is not base64.
    """
    header = request.headers.get("upload-checksum")
    if header is None:
        return None
    algorithm, _, value = header.strip().partition(" ")
    if algorithm not in CHECKSUM_ALGORITHMS:
        raise InvalidMetadataError(
            f"The checksum algorithm {algorithm[:20]!r} is not supported.",
            hint=f"Supported are {', '.join(CHECKSUM_ALGORITHMS)}.",
        )
    try:
        return Checksum(algorithm, b64decode(value.strip(), validate=True))
    except ValueError as error:
        raise InvalidMetadataError("The checksum is not base64.") from error
