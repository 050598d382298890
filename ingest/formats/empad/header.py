"""The EMPAD xml header (software 0.51 to 1.2.x), parsed without following anything it names."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, ParseError

import defusedxml.ElementTree
from defusedxml import DefusedXmlException

from ingest.readers.refusals import UPLOAD_AGAIN, refuse

MAX_XML_BYTES = 16 * 2**20
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_SCAN_NAME = re.compile(r"scan_x(\d{1,6})_y(\d{1,6})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class EmpadHeader:
    """Flat vendor keys such as ``root.iom_measurements.high_voltage``, and what the reader needs of them."""

    fields: dict[str, Any]
    raw_name: str

    def find_number(self, *keys: str) -> float | None:
        """Return the first of the keys that holds a number."""
        for key in keys:
            value = self.fields.get(key)
            if isinstance(value, int | float) and not isinstance(value, bool):
                return float(value)
        return None

    @property
    def is_series(self) -> bool:
        """Whether the frames were taken one after another at one place; software 1.2 writes no type for a scan."""
        kind = self.fields.get("root.type")
        return kind == "series" or (kind is None and self._find_series_count() is not None)

    @property
    def series_count(self) -> int | None:
        """Number of frames of a time series, where it says; None for a scan."""
        return self._find_series_count() if self.is_series else None

    def _find_series_count(self) -> int | None:
        """Return what RosettaSciIO looks for (`series_count` of a block), or LiberTEM (`count`)."""
        counts = [value for key, value in self.fields.items() if key.endswith(".series_count")]
        found = [value for value in (*counts, self.fields.get("root.count")) if isinstance(value, int)]
        return found[0] if found and found[0] > 0 else None

    @property
    def scan_shapes(self) -> list[tuple[int, int]]:
        """Shapes (scan_y, scan_x) that the header may mean, the most trusted first.

        The modes `search` and `acquire` both stand in every file, whichever was used, so the explicit
        pixel counts and the raw file's name come first (RosettaSciIO issue 513). A series has none.
        """
        if self.is_series:
            return []
        shapes = [self._pair("root.pix_y", "root.pix_x")]
        shapes.append(find_named_shape(self.raw_name))
        for mode in self._modes:
            base = f"root.scan_parameters[{mode}]"
            shapes.append(self._pair(f"{base}.scan_resolution_y", f"{base}.scan_resolution_x"))
        return [shape for shape in shapes if shape is not None]

    @property
    def _modes(self) -> tuple[str, str]:
        """The blocks of scan parameters, the likelier first: a raw file of a search is called so."""
        return ("search", "acquire") if "search" in self.raw_name.casefold() else ("acquire", "search")

    def _pair(self, key_y: str, key_x: str) -> tuple[int, int] | None:
        size_y, size_x = self.fields.get(key_y), self.fields.get(key_x)
        if isinstance(size_y, int) and isinstance(size_x, int) and size_y > 0 and size_x > 0:
            return size_y, size_x
        return None

    def scan_step_m(self, shape: tuple[int, int]) -> float | None:
        """Return the scan step in m: field of view / scale factor × scan size / longer side.

        The field of view is that of the longer side of a full scan; software 1.2.x writes it multiplied by
        `scale_factor`, and `scan_size` is the part of it that was scanned (RosettaSciIO pull request 495).
        """
        base = "root.iom_measurements."
        view = self.find_number(
            f"{base}full_scan_field_of_view.x", f"{base}optics.get_full_scan_field_of_view[0]"
        )
        if not view or view <= 0:
            return None
        factor = self.find_number(f"{base}full_scan_field_of_view.scale_factor") or 1.0
        return view / factor * self._scan_size(shape) / max(shape)

    def _scan_size(self, shape: tuple[int, int]) -> float:
        """Return the scanned part of the full field: of the mode with this shape, else of the likelier one."""
        bases = [f"root.scan_parameters[{mode}]" for mode in self._modes]
        fitting = [
            b for b in bases if self._pair(f"{b}.scan_resolution_y", f"{b}.scan_resolution_x") == shape
        ]
        return self.find_number(*(f"{base}.scan_size" for base in [*fitting, *bases])) or 1.0


def find_named_shape(name: str) -> tuple[int, int] | None:
    """Return (scan_y, scan_x) of a name such as scan_x256_y128.raw, which the detector's software gives."""
    named = _SCAN_NAME.search(name)
    shape = (int(named[2]), int(named[1])) if named else (0, 0)
    return shape if shape[0] and shape[1] else None


def parse_header(path: Path) -> EmpadHeader:
    """Read an EMPAD xml.

    Raises
    ------
    ReadRefusedError
        `xml_unreadable`, if it is not whole, not xml, defines entities, or names no raw file.
    """
    if path.stat().st_size > MAX_XML_BYTES:
        raise refuse("xml_unreadable", f"{path.name} is too large for an EMPAD header.", UPLOAD_AGAIN)
    try:
        root: Element = defusedxml.ElementTree.fromstring(path.read_bytes())
    except (ParseError, DefusedXmlException, ValueError) as error:
        why = "it defines entities" if isinstance(error, DefusedXmlException) else str(error)
        raise refuse(
            "xml_unreadable", f"{path.name} is not a whole, plain xml file: {why}.", UPLOAD_AGAIN
        ) from error
    fields: dict[str, Any] = {}
    _flatten(root, root.tag, fields)
    raw = root.find("raw_file")
    raw_name = raw.get("filename") if raw is not None else None
    if root.tag != "root" or not raw_name:
        raise refuse("xml_unreadable", f"{path.name} is no EMPAD header: it names no raw file.", UPLOAD_AGAIN)
    return EmpadHeader(fields, raw_name)


def _flatten(element: Element, key: str, fields: dict[str, Any]) -> None:
    for name, value in element.attrib.items():
        fields[f"{key}.{name}"] = _value(value)
    text = (element.text or "").strip()
    if text:
        _keep(key, _value(text), fields)
    tags = [child.tag for child in element]
    seen: dict[str, int] = {}
    for child in element:
        number = seen.get(child.tag, 0)
        seen[child.tag] = number + 1
        label = child.get("mode") or (str(number) if tags.count(child.tag) > 1 else "")
        _flatten(child, f"{key}.{child.tag}[{label}]" if label else f"{key}.{child.tag}", fields)


def _keep(key: str, value: Any, fields: dict[str, Any]) -> None:
    fields[key] = value
    if isinstance(value, list):
        for index, item in enumerate(value):
            fields[f"{key}[{index}]"] = item


def _value(text: str) -> Any:
    words = {"True": True, "False": False, "None": None}
    if text in words:
        return words[text]
    if text.startswith("[") and text.endswith("]"):
        return [_value(part.strip()) for part in text[1:-1].split(",") if part.strip()]
    if _NUMBER.fullmatch(text):
        return int(text) if re.fullmatch(r"[+-]?\d{1,18}", text) else float(text)
    return text
