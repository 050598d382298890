"""Units as people write them, brought to their UCUM code: names, signs, fractions and powers in any notation."""

import re
import unicodedata
from collections.abc import Mapping
from types import MappingProxyType

_PLAIN = str.maketrans("µμº−⁻–·⋅∙⁰¹²³⁴⁵⁶⁷⁸⁹", "uu°---...0123456789")

# What no rule below gives.
_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "°": "deg", "degree": "deg", "degrees": "deg", "degs": "deg",
        "°C": "Cel", "degC": "Cel", "celsius": "Cel", "Celsius": "Cel", "kelvin": "K", "Kelvin": "K",
        "Å": "Ao", "angstrom": "Ao", "Angstrom": "Ao", "angstroms": "Ao", "Angstroms": "Ao", "ang": "Ao",
        "ångström": "Ao", "Ångström": "Ao", "micron": "um", "microns": "um",
        "sec": "s", "secs": "s", "msec": "ms", "usec": "us", "nsec": "ns", "minute": "min", "minutes": "min",
        "hour": "h", "hours": "h", "hr": "h", "fps": "Hz", "percent": "%", "steradian": "sr",
        "electron volt": "eV", "electron volts": "eV",
    }
)  # fmt: skip

_PREFIXES = {
    "": "", "femto": "f", "pico": "p", "nano": "n", "micro": "u", "milli": "m", "centi": "c", "kilo": "k", "mega": "M",
}  # fmt: skip
_BASES = {
    "meter": "m", "metre": "m", "second": "s", "volt": "V", "ampere": "A", "amp": "A", "radian": "rad",
    "electronvolt": "eV", "pascal": "Pa", "tesla": "T", "hertz": "Hz", "steradian": "sr", "joule": "J",
}  # fmt: skip
_WORDS: Mapping[str, str] = MappingProxyType(
    {
        f"{prefix}{base}{plural}": short + code
        for prefix, short in _PREFIXES.items()
        for base, code in _BASES.items()
        for plural in ("", "s")
    }
)

_ELECTRONS = frozenset({"e", "e-", "el", "el.", "electron", "electrons"})
_FACTOR = re.compile(r"(?P<name>[^\W\d_]+-?(?![-\d])|[^\W\d_]+)(?:\^|\*\*)?(?P<power>-?\d)?")

# A product of powers: its code. Counted electrons have no unit of their own; they may be named or not.
_PRODUCTS: Mapping[frozenset[tuple[str, int]], str] = MappingProxyType(
    {
        frozenset({("Ao", -1)}): "Ao-1",
        frozenset({("nm", -1)}): "nm-1",
        frozenset({("m", -1)}): "m-1",
        frozenset({("Ao", -2)}): "Ao-2",
        frozenset({("nm", -2)}): "nm-2",
        frozenset({("um", -2)}): "um-2",
        frozenset({("m", -2)}): "m-2",
        frozenset({("Ao", -2), ("s", -1)}): "Ao-2.s-1",
        frozenset({("nm", -2), ("s", -1)}): "nm-2.s-1",
        frozenset({("m", -2), ("s", -1)}): "m-2.s-1",
        frozenset({("s", -1)}): "Hz",
    }
)


def spell_unit(text: str) -> str:
    """Return the unit in the letters of UCUM where a rule knows it, else the text without its typographic signs.

    Case is kept: mV and MV differ. What comes back need not be a unit.
    """
    plain = _spell_plain(text)
    named = _NAMES.get(plain) or _NAMES.get(plain.replace(" ", "")) or _WORDS.get(plain.lower())
    return named or _read_product(plain) or plain


def _spell_plain(text: str) -> str:
    plain = unicodedata.normalize("NFC", text).translate(_PLAIN)
    return re.sub(r"\s+", " ", plain).strip().removesuffix(".")


def _read_product(plain: str) -> str | None:
    """Read "e-/(Å^2 s)", "1/nm", "electrons per nm2", "nm**-1", "e Å-2 s-1"."""
    if not re.search(r"[/\d]|\bper\b", plain):
        return None
    plain = re.sub(r"\^?\((-?\d)\)", r"\1", plain)
    powers: dict[str, int] = {}
    sign, has_electrons = 1, False
    for index, part in enumerate(re.split(r"/|\bper\b", plain)):
        sign = 1 if index == 0 else -1
        for word in re.sub(r"[()]", " ", part).replace(".", " ").split():
            if word in _ELECTRONS and sign == 1:
                has_electrons = True
                continue
            if word == "1" and index == 0:
                continue
            found = _FACTOR.fullmatch(word)
            if found is None:
                return None
            name = "Ao" if found["name"] == "A" else _find_name(found["name"])
            powers[name] = powers.get(name, 0) + sign * int(found["power"] or 1)
    code = _PRODUCTS.get(frozenset(powers.items()))
    return None if has_electrons and code is not None and "-2" not in code else code


def _find_name(word: str) -> str:
    return _NAMES.get(word) or _WORDS.get(word.lower()) or word
