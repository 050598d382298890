"""Identifiers that others give out: ORCID, ROR, Crossref funder ids and DOIs, and what is wrong with one.

Form and words are data, `outside_identifiers.json`, of which the pages hold a copy to say it while somebody types;
`tests/identifier_vectors.json` is run against both. Nothing is looked up: a form that is right may still lead nowhere.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

Scheme = Literal["orcid", "ror", "crossref_funder", "doi"]

_SOURCE = Path(__file__).with_name("outside_identifiers.json")
_BASE_32 = "0123456789abcdefghjkmnpqrstvwxyz"
_ENDS_SENTENCE = tuple(".,;:")


@dataclass(frozen=True, slots=True)
class IdentifierFault:
    """What is wrong with an identifier: `rule` is `form`, `check` or `end`."""

    rule: str
    says: str
    hint: str


@cache
def read_schemes() -> Mapping[str, Any]:
    """Return form, examples and words of every scheme."""
    schemes: dict[str, Any] = json.loads(_SOURCE.read_text(encoding="utf-8"))
    return schemes


def find_identifier_fault(scheme: Scheme, text: str) -> IdentifierFault | None:
    """Return what is wrong with an identifier, written bare or as an address; None where nothing is."""
    bare = strip_address(scheme, text)
    if re.search(read_schemes()[scheme]["form"], bare) is None:
        return _say(scheme, "form", text)
    if scheme == "orcid" and not _has_orcid_digit(bare):
        return _say(scheme, "check", text)
    if scheme == "ror" and not _has_ror_digits(bare.lower()):
        return _say(scheme, "check", text)
    if scheme == "doi" and bare.endswith(_ENDS_SENTENCE):
        return _say(scheme, "end", text)
    return None


def find_funder_fault(text: str) -> IdentifierFault | None:
    """Return what is wrong with the identifier of a funder, which may be a ROR or a Crossref funder id."""
    if _is_like_ror(text):
        return find_identifier_fault("ror", text)
    return find_identifier_fault("crossref_funder", text)


def find_reference_fault(text: str, kind: str = "") -> IdentifierFault | None:
    """Return what is wrong with a related identifier: only a DOI has a form that can be told from others.

    Parameters
    ----------
    kind
        What it is said to be, in DataCite's word; without it a text that looks like a DOI is one.
    """
    is_doi = kind.strip().lower() == "doi" if kind.strip() else _is_like_doi(text)
    return find_identifier_fault("doi", text) if is_doi else None


def strip_address(scheme: Scheme, text: str) -> str:
    """Return an identifier without the address that it is often written behind."""
    bare = text.strip()
    for start in read_schemes()[scheme]["starts"]:
        if bare.lower().startswith(start):
            return bare[len(start) :].strip().rstrip("/") if scheme != "doi" else bare[len(start) :].strip()
    return bare


def _is_like_ror(text: str) -> bool:
    return "ror.org" in text.lower() or strip_address("ror", text).startswith("0")


def _is_like_doi(text: str) -> bool:
    bare = text.strip().lower()
    return bare.startswith("10.") or strip_address("doi", bare) != bare


def _say(scheme: Scheme, rule: str, text: str) -> IdentifierFault:
    words = read_schemes()[scheme]["faults"][rule]
    return IdentifierFault(rule, words["says"].replace("{text}", text.strip()), words["hint"])


def _has_orcid_digit(orcid: str) -> bool:
    """Say whether the last digit is the check digit of the others (ISO 7064 mod 11-2)."""
    digits = orcid.replace("-", "").upper()
    total = 0
    for digit in digits[:-1]:
        total = (total + int(digit)) * 2
    check = (12 - total % 11) % 11
    return digits[-1] == "0123456789X"[check]


def _has_ror_digits(ror: str) -> bool:
    """Say whether the last two digits check the base-32 number before them (ISO 7064 mod 97-10)."""
    number = 0
    for symbol in ror[:-2]:
        number = number * len(_BASE_32) + _BASE_32.index(symbol)
    return int(ror[-2:]) == 98 - number * 100 % 97
