"""The table of keys of each format is the one that its mapping goes by, and the one that the documents show."""

from collections.abc import Iterator
from typing import Any

import pytest

from ingest.formats.headers import map_vendor_header
from ingest.formats.registry import list_formats
from ingest.mapping.draft import DraftBuilder
from ingest.mapping.keys import HeaderKey, by_field
from repository.schema.questions.fields import load_catalogue
from tests.unit.mapping.test_hostile_headers import HEADERS
from tests.unit.mapping.vendor_headers import four_d

_GROUPS = {"energy_axis", "wavelength_axis"}


def _list_keys(document: Any) -> Iterator[str]:
    if isinstance(document, dict):
        if isinstance(document.get("origin_key"), str):
            yield document["origin_key"]
        for entry in document.values():
            yield from _list_keys(entry)


def _show(row: HeaderKey) -> str:
    roots = {"T": ("ImageList", "TagGroup0", "ImageTags"), "I": ("ImageList", "TagGroup0")}
    return ".".join(row.find(roots))


OF_ARRAYS_ALONE = frozenset({"hdf5_arrays", "matlab", "numpy_npy", "numpy_npz", "raw_numbers", "zarr_store"})
"""Formats whose files say nothing of an experiment."""


@pytest.mark.parametrize("form", list_formats(), ids=lambda form: form.id)
def test_every_format_has_a_table_with_reasons(form: Any) -> None:
    table = form.load_keys()
    assert bool(table) == (form.id not in OF_ARRAYS_ALONE)
    for row in table:
        assert row.why.strip().endswith("."), row
        assert row.field in load_catalogue().measurement or row.field in _GROUPS, row
        assert row.take != "quantity" or row.unit, row
    assert len({(row.field, row.key) for row in table}) == len(table)


@pytest.mark.parametrize(("format_id", "header"), HEADERS)
def test_mapping_takes_from_its_table_alone(format_id: str, header: dict[str, Any]) -> None:
    table = next(form for form in list_formats() if form.id == format_id).load_keys()
    shown = {"axes of the array"}  # `four_d` gives steps to formats that have none
    shown |= {_show(row) for row in table} | {row.key[-1] for row in table if row.key[0] == "xml"}
    draft = map_vendor_header(format_id, header, four_d(0.5))
    searched = {key for keys in draft.looked_for.values() for key in keys}
    assert searched <= shown
    assert set(_list_keys(draft.document)) <= shown


def test_first_usable_key_of_a_field_wins() -> None:
    table = (
        HeaderKey("dwell_time", ("a",), "Only when scanned.", "us", when=("scanned",)),
        HeaderKey("dwell_time", ("b",), "First.", "us"),
        HeaderKey("dwell_time", ("c",), "Second.", "us"),
    )
    assert [field for field, _ in by_field(table)] == ["dwell_time"]
    for header, modes, expected in (
        ({"a": 1.0, "b": 2.0, "c": 3.0}, ("scanned",), 1.0),
        ({"a": 1.0, "b": 2.0, "c": 3.0}, (), 2.0),
        ({"b": -2.0, "c": 3.0}, (), 3.0),
        ({"b": 1e-9, "c": 3.0}, (), 3.0),
        ({"b": 0.0}, (), None),
    ):
        draft = DraftBuilder(header)
        draft.take(table, modes=modes)
        assert draft.document.get("dwell_time", {}).get("value") == expected
        assert draft.looked_for["dwell_time"] == ("a", "b", "c")


@pytest.mark.parametrize("number", [1e300, -1e300, 10**400])
def test_number_that_no_quantity_reaches_is_told_and_not_used(number: float) -> None:
    draft = DraftBuilder({"v": number})
    draft.take((HeaderKey("acceleration_voltage", ("v",), "The only one.", "V"),))
    assert not draft.document
    assert [finding.code for finding in draft.findings] == ["header_implausible"]


def test_a_whole_number_of_zero_is_passed_over_unless_it_counts() -> None:
    """Vendors write 0 where nothing was counted; the next key is asked, and nothing is said."""
    for zero, expected in ((False, 3), (True, 0)):
        draft = DraftBuilder({"a": 0, "b": 3})
        draft.take(
            (
                HeaderKey("frames_summed", ("a",), "First.", take="integer", zero=zero, within=(0, 100)),
                HeaderKey("frames_summed", ("b",), "Second.", take="integer", within=(0, 100)),
            )
        )
        assert draft.document["frames_summed"]["value"] == expected
        assert not draft.findings
    draft = DraftBuilder({"a": 2.5, "b": 3})
    draft.take(tuple(HeaderKey("frames_summed", (key,), "", take="integer") for key in "ab"))
    assert draft.document["frames_summed"]["value"] == 3
    assert [finding.code for finding in draft.findings] == ["header_implausible"]
