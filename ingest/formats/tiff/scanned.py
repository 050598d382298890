"""Pictures of scanning microscopes: Thermo Fisher's (FEI) and Zeiss' own tags. Lengths in m, angles in rad."""

import re
from typing import Any
from xml.etree.ElementTree import Element

from ingest.formats.tiff.directory import Directory
from ingest.formats.tiff.page import PALETTE, Page, Tag
from ingest.formats.tiff.told import (
    Told,
    build_frame,
    number_in,
    parse_xml,
    plain_tag,
    read_sections,
    to_dict,
    to_number,
)
from ingest.readers.contract import Axis
from ingest.readers.refusals import tell
from repository.schema.findings import Finding
from repository.schema.quantities.units import find_unit_code

_SFEG, _XT, _TITAN, _ZEISS = 34680, 34682, 34683, 34118
_SCAN = ("scan_y", "scan_x")
_ZEISS_WIDTH = 1024  # pixels for which Zeiss' unnamed step counts
_ZEISS_STEP_AT = 3
_MOST_UNNAMED = 64
_ZEISS_LINE = re.compile(r"(.*?)\s*[=:]\s*(.*)")


def read_thermo(directory: Directory, page: Page) -> Told | None:
    """Return what Thermo Fisher's programs say: xT of SEM and FIB, or those of a TEM, which leave xT's tag empty."""
    titan = directory.text(_TITAN)
    if titan.startswith("<"):
        return _read_titan(titan, page)
    for tag, program in ((_XT, "Thermo Fisher (FEI) xT"), (_SFEG, "FEI S-FEG")):
        values = read_sections(directory.text(tag))
        if values:
            frame, findings = _scan_frame(values, page)
            return Told(program, "fei", values, frame=frame, findings=findings)
    return None


def _scan_frame(
    values: dict[str, dict[str, float | str]], page: Page
) -> tuple[tuple[Axis, Axis], tuple[Finding, ...]]:
    steps: tuple[float | None, float | None] = (None, None)
    for section in ("Scan", "EScan", "IScan"):
        found = (number_in(values, section, "PixelHeight"), number_in(values, section, "PixelWidth"))
        if all(found):
            steps = found
            break
    width, columns = number_in(values, "IRBeam", "HFW"), number_in(values, "Image", "ResolutionX")
    if steps == (None, None) and width and columns:
        steps = (width / columns, width / columns)
    scanned, bar = number_in(values, "Image", "ResolutionY"), number_in(values, "PrivateFei", "DatabarHeight")
    rows = page.shape[0] - int(scanned) if scanned and columns == page.shape[1] else int(bar or 0)
    if not 0 < rows < page.shape[0]:
        return build_frame(page.shape, unit="m", steps=steps, names=_SCAN), ()
    message = (
        f"The last {rows} of {page.shape[0]} rows of {page.path.name} are a bar with letters and a scale."
    )
    hint = "The picture is kept as it is. Leave these rows out before you measure in it."
    return build_frame(page.shape, unit="m", steps=steps), (tell("picture_has_data_bar", message, hint),)


def _read_titan(text: str, page: Page) -> Told | None:
    root = parse_xml(text)
    if root is None:
        return None
    values = to_dict(root)
    if not isinstance(values, dict):
        return None
    values["table"] = _read_table(root)
    size = next((entry for entry in root.iter() if plain_tag(entry) == "PixelSize"), None)
    found = {} if size is None else to_dict(size)
    steps = (number_in(found, "Y"), number_in(found, "X")) if isinstance(found, dict) else (None, None)
    return Told(
        "Thermo Fisher (FEI) TEM", "fei_tem", values, frame=build_frame(page.shape, unit="m", steps=steps)
    )


def _read_table(root: Element) -> dict[str, Any]:
    """Return label and value of each line, the unit behind the label."""
    table: dict[str, Any] = {}
    for line in root.iter():
        said = {plain_tag(child): (child.text or "").strip() for child in line}
        if said.get("Label"):
            unit = said.get("Unit", "")
            table[f"{said['Label']}_{unit}" if unit else said["Label"]] = to_number(said.get("Value", ""))
    return table


def read_zeiss(directory: Directory, page: Page) -> Told | None:
    """Return what SmartSEM says: a name of an entry in capitals, and its line below; numbers without name before."""
    text = directory.text(_ZEISS)
    if not text:
        return None
    unnamed: list[float | str] = []
    values: dict[str, Any] = {}
    key = ""
    for line in text.splitlines():
        plain = line.strip()
        if plain.isupper() and "=" not in plain and " " not in plain:
            key = plain
        elif key:
            values[key] = _read_zeiss_line(plain)
            key = ""
        elif len(unnamed) < _MOST_UNNAMED:
            unnamed.append(to_number(plain))
    values["unnamed"] = unnamed
    is_plain = directory.integer(Tag.PHOTOMETRIC) != PALETTE or is_gray(directory)
    frame = build_frame(
        page.shape, unit="m", steps=(_find_zeiss_step(values, page),) * 2, names=_SCAN if is_plain else None
    )
    return Told("Zeiss SmartSEM", "zeiss", values, frame=frame)


def _read_zeiss_line(line: str) -> dict[str, Any]:
    found = _ZEISS_LINE.fullmatch(line)
    if found is None:
        return {"text": line}
    label, value = found.groups()
    number, *units = value.split()[:3] or [""]
    as_number = to_number(number)
    if isinstance(as_number, str) or len(units) > 1:  # such as "25 Sep 2018" and "50.00 K X"
        return {"label": label, "value": value}
    unit = {"value_units": find_unit_code(units[0]) or units[0]} if units else {}
    return {"label": label, "value": as_number} | unit


def _find_zeiss_step(values: dict[str, Any], page: Page) -> float | None:
    """Return the step in m: the unnamed one has all digits and counts for 1024 pixels across; the named are rounded."""
    unnamed = values["unnamed"]
    step = unnamed[_ZEISS_STEP_AT] if len(unnamed) > _ZEISS_STEP_AT else None
    return step * _ZEISS_WIDTH / page.shape[1] if isinstance(step, float) and step > 0 else None


def is_gray(directory: Directory) -> bool:
    """Whether the colors of an indexed picture are grays in the order of the values."""
    colors = directory.numbers(Tag.COLOR_MAP)
    if not len(colors) or len(colors) % 3:
        return False
    red, green, blue = colors.reshape(3, -1).astype("i8")
    return bool((red == green).all() and (green == blue).all() and (red[1:] >= red[:-1]).all())
