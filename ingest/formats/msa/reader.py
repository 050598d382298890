"""EMSA/MAS spectra: one spectrum as text, with keywords in the standard's own units.

Header document: ``{"msa": {"TITLE": …, "BEAMKV": …, "BEAMKV_units": "kV"}}``, all values as written; a keyword that
stands on several lines is joined by line breaks, and a unit stands in it where the file has one beside the keyword.

Signal: `data` (energy,) or (wavelength,) or (position,), float64, the numbers as written. Pairs give the second
number; the first says whether the axis is linear. Orientation: as stored.
"""

import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ingest.formats.msa.document import MsaDocument, read_document
from ingest.readers.contract import Axis, OpenedFile, ReadHints, SignalSource
from ingest.readers.header_json import to_json
from ingest.readers.implausible_scales import tell_unknown_units
from ingest.readers.refusals import UPLOAD_AGAIN, refuse, tell, tell_surplus, warn
from ingest.readers.units import calibrated_axis, intensity_unit, is_energy, listed_axis, to_ucum
from repository.schema.findings import Finding

VERSION = "1"
_PAIRS = "XY"
_OFF_BY = 0.1  # of a channel: more than a number cut to its last digits can be off
_IN_BRACKETS = re.compile(r"\(([^()]*)\)\s*$")
_LIGHT = {"CLS", "GAM"}
_UNITS = {"dg": "deg", "sr": "sr", "ua": "uA", "na": "nA", "kv": "kV"}  # as the standard writes them


def read_axis_unit(document: MsaDocument) -> str:
    """Return the unit of the axis: the text of `XUNITS`, or what stands in brackets in it."""
    text = document.keywords.get("XUNITS", "").strip()
    inside = _IN_BRACKETS.search(text)
    return inside[1].strip() if inside else text


def open_msa(files: Mapping[str, Path], hints: ReadHints) -> OpenedFile:  # noqa: ARG001 - a spectrum has no scan
    """Open an EMSA/MAS file.

    Raises
    ------
    ReadRefusedError
        As `read_document`; `file_truncated` where fewer numbers stand there than are promised;
        `msa_header_unreadable` without a number of points.
    """
    path = next(iter(files.values()))
    document = read_document(path)
    positions, values, findings = _split(document, path)
    axis, odd = _build_axis(document, positions, len(values), path.name)
    label = document.keywords.get("YLABEL", ""), document.keywords.get("YUNITS", "")
    signal = SignalSource(
        name="data",
        shape=values.shape,
        dtype=values.dtype,
        axes=(axis,),
        n_signal_axes=1,
        load=lambda _: values,
        intensity_unit=next((unit for text in reversed(label) if (unit := intensity_unit(text))), None),
    )
    beside = {f"{word}_units": _UNITS.get(unit.casefold(), unit) for word, unit in document.units.items()}
    header = to_json({"msa": document.keywords | beside})
    return OpenedFile("msa", VERSION, (signal,), header, (*findings, *odd))


def _split(
    document: MsaDocument, path: Path
) -> tuple[npt.NDArray[np.float64] | None, npt.NDArray[np.float64], list[Finding]]:
    """Return positions (None where the file has none), values, and what is odd about their number."""
    points, is_pairs, findings = _count_points(document, path)
    numbers = document.numbers
    due = points * (len(_PAIRS) if is_pairs else 1)
    if numbers.size < due:
        raise refuse(
            "file_truncated",
            f"{path.name} is cut short: {points} points need {due} numbers, it has {numbers.size} "
            f"in {path.stat().st_size} bytes.",
            UPLOAD_AGAIN,
        )
    if not document.is_ended:
        findings.append(_judge_end(document, path, is_last=numbers.size == due))
    if numbers.size > due:
        used, found = _judge_surplus(document, due, points, path.name)
        findings.append(found)
        numbers = numbers[:used]
    if document.surplus_bytes:
        findings.append(tell_surplus(path, document.surplus_bytes, after="the line #ENDOFDATA"))
    if is_pairs:
        return numbers[0::2].copy(), numbers[1::2].copy(), findings
    return None, numbers, findings


def _count_points(document: MsaDocument, path: Path) -> tuple[int, bool, list[Finding]]:
    """Return how many points the header promises, and whether they are pairs of position and value."""
    promised = document.number("NPOINTS")
    if promised is None or promised < 1 or not promised.is_integer():
        raise refuse(
            "msa_header_unreadable",
            f"{path.name} does not say how many points it has: #NPOINTS is "
            f"“{document.keywords.get('NPOINTS', '')[:60]}”.",
            UPLOAD_AGAIN,
        )
    points = int(promised)
    if document.keywords.get("DATATYPE", "").strip().upper() == _PAIRS:
        return points, True, []
    if document.columns != len(_PAIRS) or document.numbers.size != len(_PAIRS) * points:
        return points, False, []
    message = f"{path.name} calls its numbers single values (#DATATYPE Y) and holds {points} pairs of them."
    hint = "The second number of each pair is read as the value. Check the first channel."
    return points, True, [warn("msa_columns_disagree", message, hint)]


def _judge_end(document: MsaDocument, path: Path, *, is_last: bool) -> Finding:
    """Refuse a file that ends within its last number; warn of one that does not say where it ends."""
    if is_last and not document.has_whole_lines:
        raise refuse(
            "file_truncated",
            f"{path.name} ends within its last number, at byte {path.stat().st_size}, without #ENDOFDATA.",
            UPLOAD_AGAIN,
        )
    message = f"{path.name} has all its numbers, but no line #ENDOFDATA after them."
    return warn("end_not_marked", message, "It is read as it is. Check that nothing is missing at its end.")


def _judge_surplus(document: MsaDocument, due: int, points: int, name: str) -> tuple[int, Finding]:
    """Return how many of too many numbers are read: all where a line ends them and they make whole points."""
    size = document.numbers.size
    if document.is_ended and size % (due // points) == 0:
        message = (
            f"{name} holds {size * points // due} points before #ENDOFDATA, where #NPOINTS tells of {points}."
        )
        return size, warn("points_disagree", message, "All of them are read. Check the last channels.")
    message = f"{name} holds {size} numbers where #NPOINTS tells of {due}."
    hint = "What the header tells of is read as it is. Check that nothing was appended."
    return due, warn("bytes_left_over", message, hint)


def _build_axis(
    document: MsaDocument, positions: npt.NDArray[np.float64] | None, size: int, name: str
) -> tuple[Axis, list[Finding]]:
    unit = read_axis_unit(document)
    scale, offset = document.number("XPERCHAN"), document.number("OFFSET") or 0.0
    findings = tell_unknown_units([unit], name)
    if positions is not None and size > 1:
        step = float(positions[-1] - positions[0]) / (size - 1)
        scale = scale or step
        off = float(np.max(np.abs(positions - (offset + scale * np.arange(size)))))
        if not np.isfinite(off) or off > _OFF_BY * abs(scale):
            is_near = bool(np.isfinite(off)) and off <= abs(scale)  # numbers of few digits
            listed = None if is_near else listed_axis(_name_axis(document, unit), positions, unit=unit)
            findings.append(_tell_uneven(name, off / abs(scale) if scale else np.inf, listed))
            if listed is not None:
                return listed, findings
            scale = scale if is_near else None
    return calibrated_axis(_name_axis(document, unit), size, unit=unit, scale=scale, offset=offset), findings


def _tell_uneven(name: str, channels: float, listed: Axis | None) -> Finding:
    far = f"by up to {channels:.2g} channels" if np.isfinite(channels) else "throughout"
    message = f"The positions listed in {name} differ {far} from the start and step that its header gives."
    if listed is not None:
        hint = "Readers get each listed position. State start and step, if you know that these are right."
        return tell("axis_listed", message, hint)
    return warn(
        "axis_not_linear",
        message,
        "The listed positions stay in the file. Check the axis, and state start and step if you know them better.",
    )


def _name_axis(document: MsaDocument, unit: str) -> str:
    kind = document.keywords.get("SIGNALTYPE", "").strip().upper()
    if is_energy(unit):
        return "energy"
    if to_ucum(unit).unit == "nm" and (
        kind in _LIGHT or "wave" in document.keywords.get("XLABEL", "").casefold()
    ):
        return "wavelength"
    return "position" if to_ucum(unit).unit is not None else "energy"
