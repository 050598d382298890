"""Identifiers that people type into forms, in the one spelling in which tables keep them."""

from repository.errors import InvalidMetadataError
from repository.schema.outside_identifiers import Scheme, find_identifier_fault, strip_address


def read_ror(text: str, *, pointer: str = "/ror") -> str:
    """Return a ROR identifier without its address, in small letters; empty for none.

    Raises
    ------
    InvalidMetadataError
        It has another form, or its check digits do not fit.
    """
    return _read("ror", text, pointer).lower()


def read_orcid(text: str, *, pointer: str = "/orcid") -> str:
    """Return an ORCID without its address, in groups of four; empty for none.

    Raises
    ------
    InvalidMetadataError
        It has another form, or its check digit does not fit.
    """
    digits = _read("orcid", text, pointer).replace("-", "").upper()
    return "-".join(digits[at : at + 4] for at in range(0, len(digits), 4))


def _read(scheme: Scheme, text: str, pointer: str) -> str:
    if not text.strip():
        return ""
    fault = find_identifier_fault(scheme, text)
    if fault is not None:
        raise InvalidMetadataError(fault.says, pointer=pointer, hint=fault.hint)
    return strip_address(scheme, text)
