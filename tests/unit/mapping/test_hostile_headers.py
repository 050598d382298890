"""A header is untrusted: whatever stands in it, a draft comes back that holds plain, storable values."""

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.formats.headers import map_vendor_header
from tests.unit.mapping.vendor_headers import (
    BLOCKFILE,
    DE_MRC,
    DECTRIS,
    DM_EELS,
    EMPAD_NEW,
    EMPAD_OLD,
    MIB,
    SEQ,
    TIFF,
    four_d,
)

HEADERS: list[tuple[str, dict[str, Any]]] = [
    ("empad", EMPAD_OLD),
    ("empad", EMPAD_NEW),
    ("mib", MIB),
    ("dectris", DECTRIS),
    ("blockfile", BLOCKFILE),
    ("dm3", DM_EELS),
    ("tiff", TIFF),
    ("seq", SEQ),
    ("mrc", DE_MRC),
    (
        "ncem_emd",
        {"microscope": {"voltage": "300kV", "defocus": 1e-6, "date": "2020-01-01"}, "4DSTEM_simulation": {}},
    ),
    ("py4dstem_emd", {"calibration": {"QR_flip": True}}),
    ("hspy", {"metadata": {"General": {"date": "2020-01-01"}, "Sample": {"elements": ["O"]}, "Signal": {}}}),
]
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.integers(min_value=10**400, max_value=10**401)
    | st.floats() | st.text(max_size=12)
    | st.sampled_from(["1e999", "nan", "3/4/2017", "300 furlongs", "1,234 kV"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)  # fmt: skip


def _places(entry: Any, place: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    if isinstance(entry, dict):
        for key, child in entry.items():
            yield (*place, key)
            yield from _places(child, (*place, key))


@pytest.mark.parametrize(("format_id", "header"), HEADERS)
@settings(max_examples=60)
@given(data=st.data())
def test_any_value_at_any_place(format_id: str, header: dict[str, Any], data: st.DataObject) -> None:
    changed = copy.deepcopy(header)
    place = data.draw(st.sampled_from(sorted(_places(header))))
    group = changed
    for key in place[:-1]:
        group = group[key]
    group[place[-1]] = data.draw(_JSON)
    draft = map_vendor_header(format_id, changed, four_d(0.5))
    stored = json.dumps(draft.as_dict(), allow_nan=False)
    assert json.loads(stored)["document"]["technique"] == ["four_d_stem"]


@settings(max_examples=60)
@given(header=st.dictionaries(st.text(max_size=8), _JSON, max_size=4))
def test_any_header_of_any_format(header: dict[str, Any]) -> None:
    for format_id, _ in HEADERS:
        map_vendor_header(format_id, header, [])


def test_deep_headers_are_walked() -> None:
    header: dict[str, Any] = {"operator": "x"}
    for _ in range(200):
        header = {"a": header}
    assert len(map_vendor_header("mib", header, []).personal_pointers) == 1
