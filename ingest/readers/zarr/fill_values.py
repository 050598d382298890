"""The value of chunks that a store leaves out, as its description writes it in JSON."""

from typing import Any

import numpy as np

from ingest.readers.refusals import refuse

_WORDS = {"NaN": np.nan, "Infinity": np.inf, "-Infinity": -np.inf}


def parse_fill(value: Any, dtype: np.dtype[Any], *, where: str) -> Any:
    """Return the fill value in the native type; zero where none is said.

    Raises
    ------
    ReadRefusedError
        `zarr_metadata_unreadable`, of a value that is none of this type.
    """
    native = dtype.newbyteorder("=")
    try:
        if value is None:
            return native.type(0)
        if native.kind == "c":
            real, imaginary = value if isinstance(value, list) else (value, 0)
            return native.type(complex(_parse_real(real, native), _parse_real(imaginary, native)))
        number = _parse_real(value, native)
        return _check_whole(number, native) if native.kind in "iu" else native.type(number)
    except (ValueError, TypeError, OverflowError) as error:
        raise refuse(
            "zarr_metadata_unreadable",
            f"The fill value of {where} is {str(value)[:60]}, which is no {native.name}.",
            "Nothing is lost: the bytes are kept. Pack the store again from the original.",
        ) from error


def _parse_real(value: Any, native: np.dtype[Any]) -> Any:
    if isinstance(value, str):
        if value in _WORDS:
            return _WORDS[value]
        if value.startswith("0x") and native.kind == "f":
            return np.frombuffer(bytes.fromhex(value[2:]), native.newbyteorder(">"))[0]
        raise ValueError(value)
    if not isinstance(value, bool | int | float):
        raise TypeError(value)
    return value


def _check_whole(number: Any, native: np.dtype[Any]) -> Any:
    if number != int(number):
        raise ValueError(number)
    return native.type(int(number))
