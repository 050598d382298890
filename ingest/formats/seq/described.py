"""What lies beside a sequence: records of its frames (`.seq.metadata`), camera settings (`.Config.Metadata.xml`).

Records: version, bytes of this header (256), number and size of the records in its first 16 bytes. A record begins with
its used bytes, its version, its kind, and the bytes of its content. Only kind 8 of 208 bytes describes the camera; in
the records of a Celeritas a counter is all that was written, and what lies behind it is rubbish of the memory.
"""

import re
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from ingest.readers.refusals import UPLOAD_AGAIN, refuse

RECORDS_AT = 256
_LEAD = "<4I"
_LEAD_BYTES = struct.calcsize(_LEAD)
_OF_CAMERA, _CAMERA_BYTES = 8, 208
_LARGEST_RECORD = 2**16
_MOST_XML_BYTES = 2**20
_MOST_DEFECTS = 1000
_TEXT = re.compile(r"[ -~]*")

# offset in the content -> name and type; those of a text are padded with zeros
_FIELDS = (
    (8, "UnbinnedFrameSizeX", "I"),
    (12, "UnbinnedFrameSizeY", "I"),
    (16, "OffsetX", "I"),
    (20, "OffsetY", "I"),
    (24, "HardwareBinning", "I"),
    (28, "BitMode", "I"),
    (32, "FrameRate", "d"),
    (40, "RotationMode", "I"),
    (44, "FlipMode", "I"),
    (52, "SensorSequence", "I"),
    (60, "SensorGainMode", "I"),
    (64, "SensorGain", "d"),
    (72, "Magnification", "d"),
    (80, "PixelSize", "d"),
    (88, "CameraLength", "d"),
    (96, "DiffPixelSize", "d"),
    (152, "Date", "32s"),
    (184, "Grabber", "8s"),
)


def is_records(head: bytes, size: int) -> bool:
    """Whether these are the records of a sequence: their number and size give the size of the file."""
    if len(head) < RECORDS_AT or any(head[_LEAD_BYTES:RECORDS_AT]):
        return False
    version, start, number, length = struct.unpack_from(_LEAD, head, 0)
    is_sized = start == RECORDS_AT and _LEAD_BYTES <= length <= _LARGEST_RECORD
    return bool(version and is_sized and size == start + number * length)


def read_record(path: Path) -> dict[str, Any]:
    """Return what the first record says of the camera; nothing where it does not describe it.

    Raises
    ------
    ReadRefusedError
        `seq_records_unreadable`, if number and size of the records do not give the size of the file.
    """
    size = path.stat().st_size
    with path.open("rb") as handle:
        head = handle.read(RECORDS_AT + _LEAD_BYTES + _CAMERA_BYTES)
    if not is_records(head[:RECORDS_AT], size):
        raise refuse(
            "seq_records_unreadable",
            f"{path.name} ({size} bytes) does not hold the records that its header counts.",
            UPLOAD_AGAIN,
        )
    if len(head) < RECORDS_AT + _LEAD_BYTES + _CAMERA_BYTES:
        return {}
    used, _, kind, length = struct.unpack_from(_LEAD, head, RECORDS_AT)
    if kind != _OF_CAMERA or length < _CAMERA_BYTES or used < _LEAD_BYTES + _CAMERA_BYTES:
        return {}
    content = head[RECORDS_AT + _LEAD_BYTES :]
    return {name: _read(content, offset, kind) for offset, name, kind in _FIELDS}


def _read(content: bytes, offset: int, kind: str) -> Any:
    (value,) = struct.unpack_from(f"<{kind}", content, offset)
    if not isinstance(value, bytes):
        return value
    text = value.partition(b"\0")[0].decode("latin-1")
    return text if _TEXT.fullmatch(text) else ""


def is_config(text: str) -> bool:
    """Whether a text begins as the settings of a camera do."""
    opening = text.partition("<Configuration")[2]
    return bool(opening) and any(f"<{mark}" in opening for mark in ("FileInfo", "BadPixels", "HT_ADU"))


def read_config(path: Path) -> dict[str, Any]:
    """Return `info`, the settings under their own names, and `defects`, the pixels that the camera calls bad.

    Raises
    ------
    ReadRefusedError
        `xml_unreadable`, if it is not whole, not xml, defines entities, or holds no settings.
    """
    size = path.stat().st_size
    if size > _MOST_XML_BYTES:
        message = f"{path.name} ({size} bytes) is too large for settings of a camera."
        raise refuse("xml_unreadable", message, UPLOAD_AGAIN)
    try:
        root: Element = fromstring(path.read_bytes())
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        why = "it defines entities" if isinstance(error, DefusedXmlException) else str(error)
        raise refuse(
            "xml_unreadable", f"{path.name} is not a whole, plain xml file: {why}.", UPLOAD_AGAIN
        ) from error
    found = root.find("FileInfo")
    if root.tag != "Configuration" or found is None:
        raise refuse("xml_unreadable", f"{path.name} holds no settings of a camera (FileInfo).", UPLOAD_AGAIN)
    info = {child.tag: _value(child.get("Value", "")) for child in found}
    return {"info": info, "defects": _list_defects(root)}


def _list_defects(root: Element) -> list[dict[str, str]]:
    found = [dict(defect.attrib) for defect in root.iterfind("BadPixels/BadPixelMap/Defect")]
    return found[:_MOST_DEFECTS]


def _value(text: str) -> Any:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def find_count(settings: Mapping[str, Any], name: str) -> int | None:
    """Return a whole number above 0 among the settings."""
    value = settings.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None
