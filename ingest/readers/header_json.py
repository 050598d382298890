"""Vendor headers as JSON: nothing that JSON cannot hold, no large arrays, no paths of anyone's machine."""

import math
import re
from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any

import numpy as np

MAX_LIST = 64
MAX_TEXT = 20_000
MAX_DEPTH = 40
_PATH = re.compile(
    r"(?<![\w/:.])(?:[A-Za-z]:\\(?:[^\\<>|\"\r\n;,]*\\)+|/(?:home|Users|root|mnt|media|data|tmp|var|opt|srv)/(?:[^/\s\"']+/)*)"
)


def strip_paths(text: str) -> str:
    r"""Return the text with folders of absolute paths replaced by an ellipsis; file names stay.

    Examples
    --------
    >>> strip_paths(r"c:\\MERLIN\\W559\\chip.bpc and /home/someone/run 1.raw")
    '…chip.bpc and …run 1.raw'
    """
    return _PATH.sub("…", text)


def to_text(raw: bytes) -> str:
    """Return bytes as text: UTF-8, else Latin-1, else their hexadecimal digits when mostly unprintable."""
    stripped = raw.rstrip(b"\0")
    try:
        text = stripped.decode("utf-8")
    except UnicodeDecodeError:
        text = stripped.decode("latin-1")
    if sum(not (character.isprintable() or character.isspace()) for character in text) * 4 > len(text):
        return f"hex:{raw[: MAX_TEXT // 4].hex()}"
    return text


def to_json(value: Any, *, depth: int = 0) -> Any:
    """Return `value` as JSON can hold it.

    NaN and infinity become null, bytes text or ``hex:…``, complex numbers [real, imaginary], arrays and
    lists of more than 64 elements ``{"dropped": "array", "shape": …, "dtype": …}``; absolute paths lose
    their folders.
    """
    if depth > MAX_DEPTH:
        return {"dropped": "nesting", "depth": depth}
    if isinstance(value, Mapping):
        return {
            _clean(str(to_text(key) if isinstance(key, bytes) else key)): to_json(item, depth=depth + 1)
            for key, item in value.items()
        }
    if isinstance(value, np.ndarray):
        return _array_to_json(value, depth)
    if isinstance(value, list | tuple | set | frozenset):
        if len(value) > MAX_LIST:
            return {"dropped": "array", "shape": [len(value)], "dtype": type(next(iter(value))).__name__}
        return [to_json(item, depth=depth + 1) for item in value]
    return _scalar_to_json(value)


def _array_to_json(value: np.ndarray[Any, Any], depth: int) -> Any:
    if value.ndim == 0:
        return to_json(value.item(), depth=depth + 1)
    if value.size > MAX_LIST:
        return {"dropped": "array", "shape": list(value.shape), "dtype": str(value.dtype)}
    return to_json(value.tolist(), depth=depth + 1)


def _scalar_to_json(value: Any) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, complex):
        return [_scalar_to_json(value.real), _scalar_to_json(value.imag)]
    if isinstance(value, bytes | bytearray | memoryview):
        return _clean(to_text(bytes(value)))
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    return _clean(str(value))


def _clean(text: str) -> str:
    """Return text that any UTF-8 JSON and PostgreSQL jsonb can hold: no NUL, no lone surrogates."""
    safe = text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")
    return strip_paths(safe[:MAX_TEXT])
