"""EMSA/MAS: what the keywords say, in the standard's units or in the one written beside them, as `keys` ranks them.

`MAGCAM` is magnification or camera length and does not say which; `DWELLTIME` is that of a channel of a serial
spectrometer: neither is taken.
"""

import re

from ingest.formats.msa.keys import DATE, KEYS, SIGNAL_TYPE, TIME
from ingest.mapping.arrays import add_arrays
from ingest.mapping.draft import DraftBuilder
from ingest.mapping.times import as_entry, from_iso

_TECHNIQUES = {"ELS": "eels", "EDS": "eds", "CLS": "cathodoluminescence"}
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DATE = re.compile(r"(\d{1,2})-([A-Za-z]{3})[A-Za-z]*-(\d{4})")
_CLOCK = re.compile(r"\d{1,2}:\d{2}(:\d{2})?")


def map_msa(draft: DraftBuilder) -> None:
    """Add what the keywords say."""
    draft.take(KEYS)
    _add_time(draft)
    technique = _TECHNIQUES.get(draft.find_text(*SIGNAL_TYPE).upper())
    if technique is not None:
        draft.put_word("technique", [technique])
    add_arrays(draft)


def _add_time(draft: DraftBuilder) -> None:
    """Add the local time; of a date alone, the date."""
    day = _DATE.fullmatch(draft.find_text(*DATE))
    if day is None or day[2].upper() not in _MONTHS:
        return
    clock = draft.find_text(*TIME)
    text = f"{day[3]}-{_MONTHS.index(day[2].upper()) + 1:02d}-{day[1]:0>2}"
    moment = from_iso(f"{text}T{clock:0>5}" if _CLOCK.fullmatch(clock) else text)
    if not isinstance(moment, dict):
        return
    if not _CLOCK.fullmatch(clock):
        moment = {**moment, "value": moment["value"][:10]}
    draft.put_word("acquired_at", as_entry(moment, ".".join(DATE)))
