"""How long one pixel of a DigitalMicrograph image took, and whether the clock of the file agrees."""

from collections.abc import Iterator
from typing import Any

from ingest.formats.dm.keys import (
    BAR,
    CL,
    EDS,
    EELS,
    IMAGE,
    PIXEL_TIME,
    ROOT_BAR,
    SAMPLE_TIME,
    SCAN,
    SERIAL_DWELL,
    SI,
)
from ingest.mapping.arrays import find_main_signal
from ingest.mapping.draft import DraftBuilder
from ingest.mapping.keys import Key, Roots
from ingest.mapping.recording import check_recording_time, seconds_between
from ingest.mapping.times import Moment, as_entry, from_ctime, from_filetime, from_iso, from_local_text

_GROUPS = (SI, EELS, EDS, CL)
_AS_LONG = 1.01  # an exposure that is rounded still fits into its pixel


def add_times(draft: DraftBuilder, roots: Roots, *, kind: str) -> None:
    """Add dwell time, frames, moment and duration; `kind` is what one element of the array is."""
    tags = _Tags(draft, roots)
    if draft.find(*tags.at((*SCAN, "Sum Frames"))) is True:
        _add_summed(tags)
    _add_dwell_time(tags, kind)
    _add_moment(tags)
    lasted = _add_duration(tags)
    if lasted is not None:
        _check_duration(tags, *lasted)
    elif kind == IMAGE:
        _check_image(tags)


class _Tags:
    """The tags by the keys of the table."""

    def __init__(self, draft: DraftBuilder, roots: Roots) -> None:
        self.draft = draft
        self._roots = roots

    def at(self, key: Key) -> Key:
        return (*self._roots.get(key[0], (key[0],)), *key[1:])

    def number(self, *key: str) -> float | None:
        """Return a number above zero."""
        number = self.draft.find_number(*self.at(key))
        return number if number is not None and number > 0 else None

    def text(self, *key: str) -> str:
        return self.draft.find_text(*self.at(key))


def _add_summed(tags: _Tags) -> None:
    key = (*SCAN, "Number Summing Frames")
    number = tags.number(*key)
    if number is not None and number.is_integer():
        tags.draft.document.pop("frames_summed", None)  # of the scan, not of one read-out
        tags.draft.put("frames_summed", int(number), key=tags.at(key))


def _add_dwell_time(tags: _Tags, kind: str) -> None:
    draft = tags.draft
    pixel = tags.number(*PIXEL_TIME)
    if pixel is not None:
        shared = _count_sharing(tags, kind)
        if shared is None:
            reason = (
                "it is that of a spectrum pixel, and how many pixels of this image share one is not stated"
            )
            draft.refuse("dwell_time", tags.at(PIXEL_TIME), reason)
        else:
            note = f"{pixel:g} s of a spectrum pixel, shared by {shared} pixels." if shared > 1 else ""
            key = tags.at(PIXEL_TIME)
            if draft.put_quantity("dwell_time", pixel / shared, "s", basis="nominal", key=key, note=note):
                return
    for key in SERIAL_DWELL:
        serial = tags.number(*key)
        note = "At each wavelength of a serial spectrum."
        if serial is not None and draft.put_quantity(
            "dwell_time", serial, "s", basis="nominal", key=tags.at(key), note=note
        ):
            return
    _take_sample_time(tags, kind)


def _take_sample_time(tags: _Tags, kind: str) -> None:
    draft = tags.draft
    sample = tags.number(*SAMPLE_TIME)
    if sample is None or draft.has("dwell_time"):
        return
    exposure = draft.document.get("exposure_time", {}).get("value")  # in ms
    if kind != IMAGE and exposure is not None and exposure * 1e3 > sample * _AS_LONG:
        reason = f"{sample:g} us is DigiScan's own sampling: the detector was exposed for {exposure:g} ms each time"
        draft.refuse("dwell_time", tags.at(SAMPLE_TIME), reason)
        return
    draft.put_quantity("dwell_time", sample, "us", basis="nominal", key=tags.at(SAMPLE_TIME))


def _count_sharing(tags: _Tags, kind: str) -> int | None:
    """Return how many pixels of the array share one pixel of the spectrum image; None where nobody can tell."""
    if kind != IMAGE:
        return 1
    rows, columns = _find_scan(tags.draft)
    height = tags.number(*SI, "Spatial Sampling", "Height (pixels)")
    width = tags.number(*SI, "Spatial Sampling", "Width (pixels)")
    finer = tags.number(*SI, "Scan Options", "Sub-pixel sampling")
    is_finer = tags.draft.find(*tags.at((*SI, "Scan Options", "Scan sub-pixel"))) is True
    if height and width and rows and columns:
        if (rows, columns) == (height, width):
            return 1
        if rows % height == 0 and columns % width == 0 and rows / height == columns / width:
            return int(rows / height) * int(columns / width)
    if not is_finer:
        return 1
    is_whole = finer is not None and finer.is_integer() and not (height and width)
    return int(finer) ** 2 if is_whole and finer else None


def _find_scan(draft: DraftBuilder) -> tuple[int, int]:
    main = find_main_signal(draft.signals)
    sizes = {axis["name"]: int(axis["size"]) for axis in main["axes"]} if main else {}
    return sizes.get("scan_y", 0), sizes.get("scan_x", 0)


def _add_moment(tags: _Tags) -> None:
    ambiguous: Key | None = None
    for key, moment, is_said in _list_moments(tags):
        if moment is not None:
            tags.draft.put_word("acquired_at", as_entry(moment, ".".join(tags.at(key))))
            return
        if is_said and ambiguous is None:
            ambiguous = key
    if ambiguous is not None:
        text = tags.text(*ambiguous)
        tags.draft.refuse("acquired_at", tags.at(ambiguous), f"“{text}” may mean two days, or none")


def _list_moments(tags: _Tags) -> Iterator[tuple[Key, Moment | None, bool]]:
    """Yield key, moment and whether a text stands there, the surest first."""
    yield _from_ticks(tags, BAR)
    stamp = ("T", "Timestamp")
    yield stamp, from_iso(tags.text(*stamp)), False
    yield _from_bar(tags, BAR)
    yield _from_ticks(tags, ROOT_BAR)
    yield _from_bar(tags, ROOT_BAR)
    for group in _GROUPS:
        key = (*group, "Date")
        text = tags.text(*key)
        yield key, from_local_text(text, tags.text(*group, "Start time")) if text else None, bool(text)
    begin = (*CL, "Acquisition begin")
    text = tags.text(*begin)
    yield begin, from_local_text(text, text) if text else None, bool(text)


def _from_ticks(tags: _Tags, bar: Key) -> tuple[Key, Moment | None, bool]:
    key = (*bar, "Acquisition Time (OS)")
    ticks = tags.number(*key)
    return key, None if ticks is None else from_filetime(ticks), False


def _from_bar(tags: _Tags, bar: Key) -> tuple[Key, Moment | None, bool]:
    key = (*bar, "Acquisition Date")
    text = tags.text(*key)
    return key, from_local_text(text, tags.text(*bar, "Acquisition Time")) if text else None, bool(text)


def _add_duration(tags: _Tags) -> tuple[Key, float] | None:
    """Put how long the recording lasted by its start and end; return the group that says so, and the seconds."""
    for group in _GROUPS:
        start, end = tags.text(*group, "Start time"), tags.text(*group, "End time")
        lasted = seconds_between(start, end)
        if lasted is not None:
            if lasted > 0:
                key = tags.at((*group, "End time"))
                tags.draft.put_quantity("acquisition_duration", lasted, "s", basis="measured", key=key)
            return group, lasted
    return None


def _check_duration(tags: _Tags, group: Key, lasted: float) -> None:
    draft = tags.draft
    told = f"{tags.text(*group, 'Start time')} to {tags.text(*group, 'End time')}"
    rows, columns = _find_scan(draft)
    if group != SI:
        exposure = draft.document.get("exposure_time", {}).get("value")
        frames = tags.number(*group, "Number of frames") or 1
        if exposure is not None:
            each = exposure / 1e3
            check_recording_time(
                draft, "exposure_time", positions=int(frames), seconds=each, lasted=lasted, told=told
            )
        return
    height = tags.number(*SI, "Spatial Sampling", "Height (pixels)") or rows
    width = tags.number(*SI, "Spatial Sampling", "Width (pixels)") or columns
    cycles = tags.number(*SI, "Number of cycles") or 1
    dwell = draft.document.get("dwell_time", {}).get("value")
    pixel = tags.number(*PIXEL_TIME) or (dwell / 1e6 if dwell else None)
    if pixel is not None and height and width:
        check_recording_time(
            draft,
            "dwell_time",
            positions=int(height * width * cycles),
            seconds=pixel,
            lasted=lasted,
            told=told,
        )


def _check_image(tags: _Tags) -> None:
    """Compare an image with its two clocks: DigiScan's stamp at the start, the data bar's at the end.

    One frame is compared: of summed ones the stamp may be that of the last.
    """
    width, height = tags.number(*SCAN, "Image Width"), tags.number(*SCAN, "Image Height")
    sample = tags.number(*SAMPLE_TIME)
    start: Any = from_ctime(tags.text(*SCAN, "TimeStamp"))
    end: Any = from_local_text(tags.text(*BAR, "Acquisition Date"), tags.text(*BAR, "Acquisition Time"))
    if not (width and height and sample) or not isinstance(start, dict) or not isinstance(end, dict):
        return
    lasted = seconds_between(start["value"], end["value"])
    if lasted is not None:
        told = f"{start['value']} to {end['value']}"
        positions = int(width * height)
        check_recording_time(
            tags.draft, "dwell_time", positions=positions, seconds=sample * 1e-6, lasted=lasted, told=told
        )
