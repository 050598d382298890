"""Symbols of units, constants of nature and the wavelength stand once."""

import re
from collections.abc import Iterator
from pathlib import Path

from project.environment import CHECKOUT
from repository.schema.quantities import electrons, units
from repository.schema.quantities.unit_symbols import SYMBOLS
from repository.schema.quantities.units import UNITS

ROOMS = ("project", "repository", "ingest", "processing", "api", "frontend", "client/src", "tools")
ENDINGS = {".py", ".ts", ".mjs", ".html", ".css"}
OWN = {f"repository/schema/quantities/{name}.py" for name in ("unit_symbols", "unit_spellings", "units")}
VENDOR_WORDS = "ingest/readers/units.py"  # what files say is read there; nothing is printed with it
CONSTANTS = {
    "h": "6.626", "c": "299792458", "e": "1.602", "m": "9.109", "m c²": "510998", "m c² in keV": "510.99",
    "h c": "12.398", "h / √(2 m e)": "12.26",
}  # fmt: skip


def list_sources() -> Iterator[tuple[str, str]]:
    for room in ROOMS:
        for file in sorted((CHECKOUT / room).rglob("*")):
            is_ours = not {"node_modules", "dist", "generated", "releases"} & set(file.parts)
            if file.suffix in ENDINGS and is_ours and not file.name.endswith(".test.ts"):
                yield str(file.relative_to(CHECKOUT)), file.read_text(encoding="utf-8")


def find_tables(text: str) -> list[str]:
    """Return the symbols that a source spells as a text of their own, and so holds beside the one table."""
    printed = set(SYMBOLS.values()) - {"", *UNITS}
    spelled = "|".join(re.escape(symbol) for symbol in sorted(printed, key=len, reverse=True))
    return re.findall(rf"""(?:["'`]|>)\s*({spelled})\s*(?:["'`]|<)""", text)


def test_no_other_table_of_symbols() -> None:
    found = {name: find_tables(text) for name, text in list_sources() if name not in {*OWN, VENDOR_WORDS}}
    assert len(found) > 300
    assert {name: symbols for name, symbols in found.items() if symbols} == {}


def test_another_table_would_be_seen() -> None:
    """In the words that stood in pages, pictures and the browser before."""
    assert find_tables('_WRITTEN = {"nm-1": "nm⁻¹"}') == ["nm⁻¹"]
    assert find_tables('const symbols = { um: "µm", deg: "°" };') == ["µm", "°"]
    assert find_tables("<option>Å⁻¹</option>") == ["Å⁻¹"]
    assert find_tables('label = f"{length} µm"') == []  # one place that says one unit is no table
    assert find_tables('unit = "nm-1"') == []


def test_constants_of_nature_stand_once() -> None:
    homes = {Path(str(module.__file__)).relative_to(CHECKOUT).as_posix() for module in (electrons, units)}
    spelled = re.compile("|".join(rf"(?<![\d.]){re.escape(digits)}" for digits in CONSTANTS.values()))
    found = {
        name: spelled.findall(text.replace("_", "")) for name, text in list_sources() if name not in homes
    }
    assert {name: digits for name, digits in found.items() if digits} == {}


def test_the_wavelength_of_an_answer_is_worked_out_once() -> None:
    """One function; a document is asked in one place, optics in another, limits in a third, a header in its format."""
    callers = {
        name for name, text in list_sources() if "compute_wavelength(" in text and "examples" not in name
    }
    assert callers == {
        "repository/schema/quantities/electrons.py",
        "repository/schema/documents/scales.py",
        "repository/schema/questions/limits.py",
        "processing/engine/angles.py",
        "ingest/formats/tiff/transmission.py",
    }
