"""The text of an EMSA/MAS file: lines of keywords, then numbers, as ISO 22029 of 2012 and 2022 lays down."""

import math
import re
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ingest.readers.refusals import UPLOAD_AGAIN, decline, refuse

MOST_BYTES = 64 * 2**20  # a spectrum of a million channels has 30 MB
_KEYWORD = re.compile(r"#+\s*(?P<word>[A-Za-z0-9_]+)\s*(?P<unit>-?[^:]*?)\s*:(?P<value>.*)", re.DOTALL)
_SHOWN = 60


@dataclass(frozen=True, slots=True)
class MsaDocument:
    """One file, with nothing of it judged.

    Attributes
    ----------
    keywords
        Keyword in capitals to its text; lines with the same keyword are joined by a line break.
    units
        Keyword to the unit written beside it, as `kV` in ``#BEAMKV -kV:``; only where one is.
    numbers
        All numbers behind ``#SPECTRUM`` in their order, float64.
    columns
        How many numbers each full line holds; 0 where lines differ.
    is_ended
        Whether ``#ENDOFDATA`` was found.
    has_whole_lines
        Whether something stands behind the last number, so that it has all its digits.
    surplus_bytes
        Bytes behind that line, without white space.
    """

    keywords: dict[str, str]
    units: dict[str, str]
    numbers: npt.NDArray[np.float64]
    columns: int
    is_ended: bool
    has_whole_lines: bool
    surplus_bytes: int

    def number(self, keyword: str) -> float | None:
        """Return the finite number behind a keyword, or None."""
        try:
            found = float(self.keywords.get(keyword, ""))
        except ValueError:
            return None
        return found if math.isfinite(found) else None


def read_document(path: Path) -> MsaDocument:
    """Read an EMSA/MAS file.

    Raises
    ------
    ReadRefusedError
        `file_too_large_for_reader`; `msa_number_unreadable` with line and text; `file_truncated` where no spectrum
        begins.
    """
    size = path.stat().st_size
    if size > MOST_BYTES:
        raise decline(
            "file_too_large_for_reader",
            f"{path.name} has {size} bytes; a spectrum as text is read up to {MOST_BYTES}.",
            "Save it as binary numbers, or in parts.",
        )
    raw = path.read_bytes()
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = raw.decode("utf-16", "replace")
    else:
        try:
            text = raw.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = raw.decode("cp1252", "replace")
    lines = enumerate(text.splitlines(), 1)
    keywords, units = _read_keywords(lines, path)
    numbers = array("d")
    widths: list[int] = []
    is_ended = False
    for number, line in lines:
        if line.lstrip().startswith("#"):
            match = _KEYWORD.match(line.strip())
            if match is not None and match["word"].upper() == "ENDOFDATA":
                is_ended = True
                break
            continue
        found = list(_read_numbers(line, number, path))
        numbers.extend(found)
        if found:
            widths.append(len(found))
    surplus = sum(len(line.strip()) for _, line in lines)
    even = len(set(widths[:-1])) <= 1 and (len(widths) < 2 or widths[-1] <= widths[0])  # noqa: PLR2004 - a last line
    columns = widths[0] if widths and even else 0
    is_whole = not text or text[-1].isspace() or text.rstrip().rpartition("\n")[2].startswith("#")
    return MsaDocument(keywords, units, np.array(numbers, np.float64), columns, is_ended, is_whole, surplus)


def _read_keywords(lines: Iterator[tuple[int, str]], path: Path) -> tuple[dict[str, str], dict[str, str]]:
    keywords: dict[str, str] = {}
    units: dict[str, str] = {}
    for _, line in lines:
        match = _KEYWORD.match(line.strip())
        if match is None:
            continue
        word, value = match["word"].upper(), match["value"].strip()
        if word == "SPECTRUM":
            return keywords, units
        keywords[word] = f"{keywords[word]}\n{value}" if keywords.get(word) else value
        unit = match["unit"].strip().removeprefix("-").strip()
        if unit:
            units[word] = unit
    raise refuse(
        "file_truncated",
        f"{path.name} ends before its numbers: it has {path.stat().st_size} bytes and no line #SPECTRUM.",
        UPLOAD_AGAIN,
    )


def _read_numbers(line: str, number: int, path: Path) -> Iterator[float]:
    for word in re.split(r"[,;\s]+", line.strip()):
        if not word:
            continue
        try:
            yield float(word)
        except ValueError:
            raise refuse(
                "msa_number_unreadable",
                f"Line {number} of {path.name} holds “{word[:_SHOWN]}” where a number is due.",
                "Export the spectrum again, with a point as decimal mark, or upload the program's own file.",
            ) from None
