"""Units, names, headers as JSON, and regions."""

import json
import math
from datetime import date
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.readers.contract import Axis, RegionOutOfRangeError, SignalSource, plan_region
from ingest.readers.header_json import strip_paths, to_json
from ingest.readers.signal_names import name_signals, slug
from ingest.readers.units import calibrated_axis, intensity_unit, to_ucum


@pytest.mark.parametrize(
    ("text", "unit", "factor"),
    [
        ("nm", "nm", 1), ("µm", "nm", 1e3), ("μm", "nm", 1e3), ("um", "nm", 1e3), ("Å", "nm", 0.1),
        ("A", "nm", 0.1), ("pm", "nm", 1e-3), ("m", "nm", 1e9), ("[n_m]", "nm", 1), ("n_m", "nm", 1),
        ("1/nm", "nm-1", 1), ("nm^-1", "nm-1", 1), ("nm⁻¹", "nm-1", 1), ("A^-1", "nm-1", 10),
        ("1/Å", "nm-1", 10), ("1/n_m", "nm-1", 1), ("mrad", "mrad", 1), ("[mrad]", "mrad", 1),
        ("rad", "mrad", 1e3), ("eV", "eV", 1), ("keV", "eV", 1e3), ("deg", "deg", 1), ("ms", "s", 1e-3),
        ("", None, 1), ("pixels", None, 1), ("[]", None, 1),
    ],
)  # fmt: skip
def test_vendor_units_become_ours(text: str, unit: str | None, factor: float) -> None:
    known = to_ucum(text)
    assert (known.unit, known.understood) == (unit, True)
    assert known.factor == pytest.approx(factor)


def test_unknown_unit_is_known_to_be_unknown() -> None:
    assert to_ucum("furlong").unit is None
    assert not to_ucum("furlong").understood


@pytest.mark.parametrize("scale", [0.0, None])
def test_axis_without_a_usable_step_is_uncalibrated(scale: float | None) -> None:
    assert calibrated_axis("scan_y", 4, unit="nm", scale=scale) == Axis("scan_y", 4)


@pytest.mark.parametrize(
    ("unit", "scale", "offset", "told"),
    [
        ("Å", 0.2, -0.6, (0.02, -0.06)),
        ("1/Å", 0.03, 0.1, (0.3, 1.0)),
        ("pm", 63.0, 0.0, (0.063, 0.0)),
        ("m", 1e305, 0.0, (math.inf, 0.0)),
    ],
)
def test_a_step_in_another_unit_is_the_same_number(
    unit: str, scale: float, offset: float, told: tuple[float, float]
) -> None:
    """No digits come with the unit: 0.2 Å are 0.02 nm, and no 0.020000000000000004."""
    assert calibrated_axis("scan_y", 4, unit=unit, scale=scale, offset=offset) == Axis(
        "scan_y", 4, "nm-1" if unit == "1/Å" else "nm", *told
    )


@pytest.mark.parametrize(("text", "unit"), [("Counts", "1"), ("e-", "1"), ("nA", None), ("", None)])
def test_only_counts_are_an_intensity_unit(text: str, unit: str | None) -> None:
    assert intensity_unit(text) == unit


@given(st.lists(st.text(max_size=12), min_size=1, max_size=8))
def test_signal_names_are_unique_and_one_is_data(titles: list[str]) -> None:
    names = name_signals(titles, [(2, 1)] * len(titles))
    assert len(set(names)) == len(names)
    assert names.count("data") == 1
    for name in names:
        assert name
        assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789_")


def test_slug_keeps_words() -> None:
    assert slug("Survey (HAADF) №1 – Müller") == "survey_haadf_no1_muller"


JSON_LIKE = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


@given(JSON_LIKE)
def test_any_header_is_json_that_a_database_takes(value: Any) -> None:
    text = json.dumps(to_json(value), allow_nan=False)
    assert "\\u0000" not in text
    assert json.loads(text) == to_json(value)


def test_values_of_numpy_and_time_become_plain() -> None:
    header = {
        "nan": np.float32("nan"),
        "number": np.int16(3),
        "list": np.arange(3),
        "large": np.zeros((100, 4), np.float32),
        "date": date(2021, 5, 7),
        "complex": 1 + 2j,
        b"key": b"text\0",
        "binary": bytes(range(8)),
    }
    assert to_json(header) == {
        "nan": None,
        "number": 3,
        "list": [0, 1, 2],
        "large": {"dropped": "array", "shape": [100, 4], "dtype": "float32"},
        "date": "2021-05-07",
        "complex": [1.0, 2.0],
        "key": "text",
        "binary": "hex:0001020304050607",
    }


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("c:\\MERLIN_Quad_Config\\W559\\chip.bpc", "…chip.bpc"),
        ("D:\\Data\\Jane Doe\\run 1\\scan.mib", "…scan.mib"),
        ("/home/empad/projects/scan.tif", "…scan.tif"),
        ("nm/s and 1/nm", "nm/s and 1/nm"),
        ("https://example.org/home/x", "https://example.org/home/x"),
        ("07/05/2021 18:50:41", "07/05/2021 18:50:41"),
    ],
)
def test_folders_of_other_peoples_machines_are_left_out(text: str, kept: str) -> None:
    assert strip_paths(text) == kept


def test_region_is_filled_to_all_leading_axes() -> None:
    assert plan_region((slice(1, 2),), (3, 4)) == (slice(1, 2), slice(0, 4))
    assert plan_region((), ()) == ()
    with pytest.raises(RegionOutOfRangeError):
        plan_region((slice(0, 5),), (3, 4))


def test_signal_whose_axes_do_not_fit_is_a_mistake_of_the_reader() -> None:
    with pytest.raises(ValueError, match="do not describe"):
        SignalSource("data", (3,), np.dtype("u1"), (Axis("energy", 4),), 1, lambda _region: np.zeros(3))
