"""Ripple: the few words that HyperSpy adds to a layout, as `keys` ranks them."""

from ingest.formats.ripple.keys import KEYS
from ingest.mapping.arrays import add_arrays, find_axis_names
from ingest.mapping.draft import DraftBuilder

_TECHNIQUES = {"EELS": "eels", "EDS_TEM": "eds", "CL": "cathodoluminescence"}


def map_ripple(draft: DraftBuilder) -> None:
    """Add what the keywords say."""
    draft.take(KEYS)
    technique = _TECHNIQUES.get(draft.find_text("ripple", "signal").upper())
    if technique is not None and "energy" in find_axis_names(draft.signals):
        draft.put_word("technique", [technique])
    add_arrays(draft)
