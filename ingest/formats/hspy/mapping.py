"""HyperSpy files: what somebody saved, in HyperSpy's words and units (keV, mrad, mm, nA, s), as `keys` ranks it."""

import re

from ingest.formats.hspy.keys import DATES, ELEMENTS, KEYS, SIGNAL_TYPES
from ingest.mapping.arrays import add_arrays, find_axis_names
from ingest.mapping.draft import DraftBuilder
from ingest.mapping.times import as_entry, from_iso, from_local_text
from repository.schema.findings import Finding

# What `repr` writes of a Python date or time: the first versions saved that, and read it by running it.
_DATE_TEXT = re.compile(r"(?:datetime\.)?date\((\d{4}), (\d{1,2}), (\d{1,2})\)")
_TIME_TEXT = re.compile(r"(?:datetime\.)?time\((\d{1,2}), (\d{1,2})(?:, (\d{1,2}))?(?:, (\d{1,6}))?\)")
_ELEMENT = re.compile(r"[A-Z][a-z]?")


def map_hyperspy(draft: DraftBuilder) -> None:
    """Add what was saved; only a few words are HyperSpy's own, and origin and level are never among them."""
    draft.take(KEYS)
    for key in ELEMENTS:
        elements = draft.find(*key)
        words = [str(element) for element in elements] if isinstance(elements, list) else []
        if words and all(_ELEMENT.fullmatch(word) for word in words):
            draft.put("sample.elements", words, key=key)
    _add_time(draft)
    _add_technique(draft)
    add_arrays(draft)


def _add_time(draft: DraftBuilder) -> None:
    for date, time in DATES:
        day, clock = _read_date(draft.find_text(*date)), _read_time(draft.find_text(*time))
        if not day:
            continue
        moment = from_iso(f"{day}T{clock}" if clock else day) or from_local_text(day, clock)
        if moment is None:
            continue
        if not clock and isinstance(moment, dict):
            moment = {**moment, "value": moment["value"][:10]}
        draft.put_word("acquired_at", as_entry(moment, ".".join(date)))
        return


def _read_date(text: str) -> str:
    """Return the date as ISO text where it is the text of a Python date, else as it is."""
    found = _DATE_TEXT.fullmatch(text)
    return f"{found[1]}-{found[2]:0>2}-{found[3]:0>2}" if found else text


def _read_time(text: str) -> str:
    """Return the time as ISO text where it is the text of a Python time, else as it is."""
    found = _TIME_TEXT.fullmatch(text)
    if found is None:
        return text
    fraction = f".{found[4]:0>6}" if found[4] else ""
    return f"{found[1]:0>2}:{found[2]:0>2}:{found[3] or '0':0>2}{fraction}"


def _add_technique(draft: DraftBuilder) -> None:
    names = find_axis_names(draft.signals)
    kind = next((text for key in SIGNAL_TYPES if (text := draft.find_text(*key))), "")
    if kind == "EELS" and "energy" in names:
        draft.put_word("technique", ["eels"])
    elif kind == "EDS_TEM" and "energy" in names:
        draft.put_word("technique", ["eds"])
    elif kind in {"CL", "CLSEM", "CL_SEM", "CLSTEM", "LumiSpectrum"} and names & {"wavelength", "energy"}:
        draft.put_word("technique", ["cathodoluminescence"])
    elif kind == "EDS_SEM":
        draft.findings.append(
            Finding(
                "info",
                "scanning_electron_microscope",
                "The file calls itself an X-ray map of a scanning electron microscope.",
                pointer="/technique",
                hint="Such files are kept as “other”, unless the specimen was seen in transmission.",
                layer="quantity",
            )
        )
