"""Symbols of the elements, and the formulas that are written with them."""

import re

_BY_PERIOD = """
H He Li Be B C N O F Ne Na Mg Al Si P S Cl Ar K Ca Sc Ti V Cr Mn Fe Co Ni Cu Zn Ga Ge As Se Br Kr
Rb Sr Y Zr Nb Mo Tc Ru Rh Pd Ag Cd In Sn Sb Te I Xe
Cs Ba La Ce Pr Nd Pm Sm Eu Gd Tb Dy Ho Er Tm Yb Lu Hf Ta W Re Os Ir Pt Au Hg Tl Pb Bi Po At Rn
Fr Ra Ac Th Pa U Np Pu Am Cm Bk Cf Es Fm Md No Lr Rf Db Sg Bh Hs Mt Ds Rg Cn Nh Fl Mc Lv Ts Og
"""

ELEMENT_SYMBOLS = frozenset(_BY_PERIOD.split())
_INERT = frozenset({"He", "Ne", "Ar", "Kr", "Xe", "Rn"})
"""Form no compounds that lie in a microscope; HeLa is a line of cells."""
_FORMULA = re.compile(r"(?:[A-Z][a-z]?[0-9.]*)+")
_SYMBOL = re.compile(r"[A-Z][a-z]?")
_BRACKETS = re.compile(r"[(\[]([^()\[\]]*)[)\]]")
_APART = re.compile(r"[\s,;:/+|_–-]+")
_SUPPORT = re.compile(r"\s(?:on|auf)\s")


def read_formula(text: str) -> tuple[str, ...]:
    """Return the elements of a chemical formula, each once in its order; none where it is no formula.

    Examples
    --------
    >>> read_formula("La0.7Sr0.3MnO3")
    ('La', 'Sr', 'Mn', 'O')
    """
    plain = "".join(character for character in text.strip() if character not in "()[]·")
    symbols = tuple(dict.fromkeys(_SYMBOL.findall(plain)))
    return symbols if _FORMULA.fullmatch(plain) and ELEMENT_SYMBOLS.issuperset(symbols) else ()


def find_elements(name: str) -> tuple[str, ...]:
    """Return the elements that the name of a sample tells without doubt, each once in its order.

    Read are symbols in brackets, "(Mo, S)", and formulas of two or more elements, one of which has two letters: FIB and
    BF are no compounds. What stands after "on" is the support.

    Examples
    --------
    >>> find_elements("MoS2 monolayer on SiN")
    ('Mo', 'S')
    """
    found: list[str] = []
    for content in _BRACKETS.findall(name):
        symbols = [part for part in _APART.split(content) if part]
        if ELEMENT_SYMBOLS.issuperset(symbols) and len("".join(symbols)) > 1:
            found += symbols
    for word in _APART.split(_SUPPORT.split(name, maxsplit=1)[0]):
        symbols = list(read_formula(word.strip(".")))
        is_compound = len(symbols) > 1 and any(len(symbol) > 1 for symbol in symbols)
        if is_compound and _INERT.isdisjoint(symbols):
            found += symbols
    return tuple(dict.fromkeys(found))
