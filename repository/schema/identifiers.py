"""Public ids: seven random Crockford base-32 symbols and one check symbol, written xxxx-xxxx in lower case.

The check is a linear code over GF(32), built on x⁵ + x² + 1 with α = x (2). With symbols as 5-bit numbers
s₀…s₆:

    r = 0;  for s in s₀…s₆:  r = α · (r ⊕ s);  check = r

which is s₇ = α⁷s₀ ⊕ α⁶s₁ ⊕ … ⊕ αs₆. The eight weights α⁷…α⁰ are non-zero and distinct, so every change of one
symbol and every exchange of any two different symbols (adjacent or not, the check symbol included) is caught;
of other texts one in 32 passes. Multiplying by α: shift left by one bit, and if bit 5 is set, exclusive-or
with 100101₂ (37).

Test vectors: 0000-0000, 0000-0012, 1000-000m, 1234-567y, aaaa-aaa7, stvw-xyz9, zzzz-zzzc.
"""

import secrets
from collections.abc import Sequence

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
RANDOM_SYMBOLS = 7
_VALUES = {symbol: value for value, symbol in enumerate(ALPHABET)}
_LOOKALIKES = str.maketrans({"i": "1", "l": "1", "o": "0"})
_OVERFLOW = 32
_POLYNOMIAL = 0b100101


class InvalidIdentifierError(ValueError):
    """The text is not an id: wrong length, a foreign symbol, or a check symbol that does not fit."""


def generate_id() -> str:
    """Return a new random id (35 bits from the system's source of randomness)."""
    return build_id([secrets.randbelow(len(ALPHABET)) for _ in range(RANDOM_SYMBOLS)])


def build_id(symbols: Sequence[int]) -> str:
    """Return the id of seven symbol values 0–31.

    Raises
    ------
    InvalidIdentifierError
        When there are not seven values in that range.
    """
    if len(symbols) != RANDOM_SYMBOLS or not all(0 <= symbol < len(ALPHABET) for symbol in symbols):
        raise InvalidIdentifierError("an id is built from seven values between 0 and 31")
    text = "".join(ALPHABET[symbol] for symbol in [*symbols, _compute_check(symbols)])
    return f"{text[:4]}-{text[4:]}"


def parse_id(text: str) -> str:
    """Return an id as it is written (`xxxx-xxxx`) from what a person typed.

    Any case, with or without the dash; i and l count as 1, o as 0.

    Raises
    ------
    InvalidIdentifierError
        When the length, a symbol or the check symbol is wrong.
    """
    symbols = text.strip().lower().replace("-", "").translate(_LOOKALIKES)
    if len(symbols) != RANDOM_SYMBOLS + 1:
        raise InvalidIdentifierError(f"{text!r} is not an id: ids have eight symbols, written xxxx-xxxx")
    foreign = [symbol for symbol in symbols if symbol not in _VALUES]
    if foreign:
        raise InvalidIdentifierError(f"{text!r} is not an id: {foreign[0]!r} never stands in one")
    values = [_VALUES[symbol] for symbol in symbols]
    if _compute_check(values[:-1]) != values[-1]:
        raise InvalidIdentifierError(
            f"{text!r} is not an id: its check symbol does not fit, so there is a typing error"
        )
    return f"{symbols[:4]}-{symbols[4:]}"


def _compute_check(symbols: Sequence[int]) -> int:
    remainder = 0
    for symbol in symbols:
        remainder = _multiply_by_alpha(remainder ^ symbol)
    return remainder


def _multiply_by_alpha(value: int) -> int:
    shifted = value << 1
    return shifted ^ _POLYNOMIAL if shifted & _OVERFLOW else shifted
