"""Numbers as people type and print them: the one place where text becomes a number.

Understood are a real minus sign, a decimal comma where it can be nothing else, digits in groups of three, and
exponents as `1e4`, `1·10^4` and `10⁴`. What could mean two numbers is refused with both.
"""

import math
import re
import unicodedata

_MAX_LENGTH = 200
_LARGEST_WHOLE = 2**53
"""Up to here a float holds every whole number."""

_SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹"
_RAISED = str.maketrans(_SUPERSCRIPTS + "⁻⁺", "0123456789-+")
_INVISIBLE = "\u00ad\u200b\u2060\ufeff"
_SIGNS = str.maketrans({"−": "-", "﹣": "-", "－": "-", "’": "'", **dict.fromkeys(_INVISIBLE)})
_GROUP_SPACE = re.compile("(?<=[0-9])[\u00a0\u2007\u2008\u2009\u200a\u202f](?=[0-9]{3}(?![0-9]))")

_EXPONENT = (
    r"(?:[eE](?P<e>[+-]?[0-9]+)"
    rf"|\s*[x×·⋅*]\s*10(?:\^\(?(?P<power>[+-]?[0-9]+)\)?|(?P<raised>[⁺⁻]?[{_SUPERSCRIPTS}]+)))"
)
_NUMBER = re.compile(
    rf"(?P<sign>[+-]?)\s*(?:(?P<word>nan|inf(?:inity)?)(?![^\W\d_])"
    rf"|10(?:\^\(?(?P<power_alone>[+-]?[0-9]+)\)?|(?P<raised_alone>[⁺⁻]?[{_SUPERSCRIPTS}]+))"
    rf"|(?P<mantissa>[0-9]++(?:[.,'][0-9]++)*+(?:\.(?!\.))?|[.,][0-9]++){_EXPONENT}?)",
    re.IGNORECASE,
)


class NumberTextError(ValueError):
    """The text is no number, or could be two.

    Attributes
    ----------
    part
        What of the text could not be read.
    hint
        What to write instead.
    """

    def __init__(self, part: str, reason: str, hint: str) -> None:
        self.part = shorten(part)
        self.hint = hint
        super().__init__(f'"{self.part}" {reason}.')


def shorten(text: str) -> str:
    """Return the text as a sentence can quote it."""
    plain = " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
    return plain if len(plain) <= 60 else f"{plain[:57]}…"  # noqa: PLR2004 - a line of a sentence


def clean_text(text: str) -> str:
    """Return the text with one kind of minus, of space and of digit groups (').

    Raises
    ------
    NumberTextError
        It is longer than any number with its unit.
    """
    if len(text) > _MAX_LENGTH:
        raise NumberTextError(text, "is longer than any number with its unit", "Write a number and its unit.")
    plain = _GROUP_SPACE.sub("'", unicodedata.normalize("NFC", text).translate(_SIGNS))
    plain = re.sub(r"\s+", " ", plain).strip()
    return "-" + plain[1:] if re.match(r"[–—] ?[0-9.,]", plain) else plain


def scan_number(text: str, start: int = 0) -> tuple[int | float, int] | None:
    """Return the number that begins at a place of a cleaned text, and where it ends; None where none begins.

    Raises
    ------
    NumberTextError
        It could be two, or none that can be kept.
    """
    found = _NUMBER.match(text, start)
    if found is None:
        return None
    groups = re.match(r"(?: [0-9]{3})+(?![0-9.,])", text[found.end() :])
    if groups is not None and found["mantissa"]:
        whole = text[start : found.end() + groups.end()]
        compact = whole.replace(" ", "")
        raise NumberTextError(
            whole, "may be one number or two", f"Write {compact}, or a comma and a space between two."
        )
    return _read(found), found.end()


def parse_number(text: str) -> int | float:
    """Return the number that a text is, and nothing but it.

    Raises
    ------
    NumberTextError
        With what is wrong and what to write.
    """
    plain = clean_text(text)
    found = scan_number(plain)
    if found is None or found[1] != len(plain):
        raise NumberTextError(text, "is not a number", "Write a number such as 12, 0.5 or 1e4.")
    return found[0]


def _read(found: re.Match[str]) -> int | float:
    negative = found["sign"] == "-"
    if found["word"]:
        special = math.nan if found["word"].lower() == "nan" else math.inf
        return -special if negative else special
    alone = found["power_alone"] or found["raised_alone"]
    mantissa = "1" if alone else _read_mantissa(found["mantissa"])
    exponent = alone or found["e"] or found["power"] or found["raised"] or ""
    written = f"{mantissa}e{exponent.translate(_RAISED)}" if exponent else mantissa
    value = float(written)
    if math.isinf(value) or (value == 0 and mantissa.strip("0.")):
        size = "large" if value else "small"
        raise NumberTextError(
            found[0], f"is too {size} to be kept as a number", "Use a unit that fits its size."
        )
    if negative:
        value = -value
    is_whole = not exponent and mantissa.isdigit() and abs(value) <= _LARGEST_WHOLE
    return int(value) if is_whole else value


def _read_mantissa(text: str) -> str:
    """Return the digits with a decimal point and no groups."""
    separators = re.findall(r"[.,']", text.rstrip("."))
    kinds = set(separators)
    last = separators[-1] if separators else ""
    rest = text.rstrip(".")
    if not kinds:
        return rest
    if len(separators) == 1 and last == ",":
        is_unclear = re.fullmatch(r"[1-9][0-9]{0,2},[0-9]{3}", rest) is not None
        if is_unclear:
            point, whole = rest.replace(",", "."), rest.replace(",", "")
            reason = "may be a thousands separator or a decimal comma"
            raise NumberTextError(text, reason, f"Write {point} or {whole}.")
        return rest.replace(",", ".")
    if len(separators) == 1 and last == ".":
        return rest
    # Several signs: groups of three, and at most one other sign, the last, for the decimals.
    groups, decimal = rest, ""
    if len(kinds) > 1 and last in ".,":
        groups, _, decimal = rest.rpartition(last)
    grouped = set(re.findall(r"[.,']", groups))
    sign = next(iter(grouped), "")
    if len(grouped) > 1 or not re.fullmatch(rf"[1-9][0-9]{{0,2}}(?:{re.escape(sign)}[0-9]{{3}})+", groups):
        raise NumberTextError(text, "is not a number", "Write it with one decimal point and no separators.")
    return groups.replace(sign, "") + (f".{decimal}" if decimal else "")


def write_number(value: float) -> str:
    """Return the shortest text that is read as this very number."""
    if isinstance(value, int) or not math.isfinite(value):
        return str(value)
    exact = repr(value)
    return exact.removesuffix(".0") if "e" not in exact else exact
