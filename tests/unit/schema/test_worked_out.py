"""What a record says without saying it: elements of a name, the pattern of rows and columns."""

from typing import Any

import pytest

from repository.schema.documents.merging import merge_metadata
from repository.schema.documents.normalization import normalize_document
from repository.schema.quantities.elements import find_elements, read_formula
from repository.schema.quantities.signals import SignalAxis, SignalShape
from repository.schema.questions.requirements import list_requirements
from tests.unit.schema.documents import annular, eels, four_d, scan_4d


def merge(supplied: dict[str, Any], *, header: dict[str, Any] | None = None, signals: Any = None) -> Any:
    layers = [("defaults", supplied)]
    return merge_metadata(header=header or {}, supplied_layers=layers, signals=signals).document


@pytest.mark.parametrize(
    ("name", "elements"),
    [
        ("MoS2 monolayer on SiN", ("Mo", "S")),
        ("Batch 7 / L2 (MoS2)", ("Mo", "S")),
        ("Batch 7 (W, S)", ("W", "S")),
        ("SrTiO3/LaAlO3 interface", ("Sr", "Ti", "O", "La", "Al")),
        ("La0.7Sr0.3MnO3, lamella", ("La", "Sr", "Mn", "O")),
        ("Ca(OH)2 grains", ("Ca", "O", "H")),
        ("particles [Au]", ("Au",)),
        ("FIB lamella", ()),
        ("lamella 3 (FIB)", ()),
        ("Site 2, Pos2, InSitu", ()),
        ("HeLa cells", ()),
        ("grid (C)", ()),
        ("Co and No", ()),
        ("", ()),
    ],
)
def test_a_name_tells_elements_only_where_it_is_plain(name: str, elements: tuple[str, ...]) -> None:
    assert find_elements(name) == elements


@pytest.mark.parametrize(
    ("formula", "elements"),
    [
        ("WS2", ("W", "S")),
        ("C", ("C",)),
        ("YBa2(Cu3O7)", ("Y", "Ba", "Cu", "O")),
        ("Xy2", ()),
        ("mica", ()),
        ("", ()),
    ],
)
def test_a_formula_tells_all_its_elements(formula: str, elements: tuple[str, ...]) -> None:
    assert read_formula(formula) == elements


def test_elements_are_worked_out_and_give_way_to_whatever_is_said() -> None:
    worked_out = merge({"sample": {"name": "MoS2 on SiN"}})["sample"]
    assert worked_out["elements"] == {"value": ["Mo", "S"], "source": "derived"}
    assert merge({"sample": {"name": "batch 7", "formula": "WS2"}})["sample"]["elements"]["value"] == [
        "W",
        "S",
    ]
    said = merge({"sample": {"name": "MoS2", "elements": ["Mo", "S", "Re"]}})["sample"]
    assert said["elements"] == ["Mo", "S", "Re"]
    gap = merge({"sample": {"name": "MoS2", "elements": "not recorded"}})["sample"]
    assert gap["elements"] == {"missing": "not_recorded"}
    assert "elements" not in merge({"sample": {"name": "batch 7"}})["sample"]
    answered = {one.path: one.state for one in list_requirements(merge(annular(sample={"name": "MoS2"})))}
    assert (answered["sample.elements"], answered["sample.preparation"]) == ("value", "missing")


RASTER = scan_4d()
LINE = (SignalShape("data", (SignalAxis("scan_x", 40), SignalAxis("energy", 9, "eV", 1.0))),)
FRAMES = (SignalShape("data", (SignalAxis("detector_y", 9), SignalAxis("detector_x", 9))),)


def test_rows_and_columns_are_a_raster_until_somebody_says_otherwise() -> None:
    bare = four_d(scan=None, scan_pattern=None)
    assert merge(bare, signals=RASTER)["scan_pattern"] == {"value": "raster", "source": "assumed"}
    assert merge(four_d(scan_pattern="serpentine"), signals=RASTER)["scan_pattern"] == "serpentine"
    assert merge(four_d(scan_pattern="not recorded"), signals=RASTER)["scan_pattern"] == {
        "missing": "not_recorded"
    }
    (asked,) = (
        one
        for one in list_requirements(normalize_document(merge(bare, signals=RASTER)), signals=RASTER)
        if one.path == "scan_pattern"
    )
    assert (asked.level, asked.state) == ("required", "value"), "it stays a question, and is answered"


@pytest.mark.parametrize("header", [{"flyback_time": "500 us"}, {"flyback_pixels": 1}])
def test_a_scan_that_flies_back_is_a_raster(header: dict[str, Any]) -> None:
    bare = four_d(scan_pattern=None)
    assert merge(bare, header=header, signals=RASTER)["scan_pattern"] == {
        "value": "raster",
        "source": "derived",
    }
    hidden = merge(four_d(scan_pattern="withheld"), header=header, signals=RASTER)["scan_pattern"]
    assert hidden == {"missing": "withheld"}


@pytest.mark.parametrize(
    ("document", "signals"),
    [
        (eels(scan=None, scan_shape=None, scan_pattern=None), LINE),
        (four_d(scan="positions", scan_pattern=None), RASTER),
        ({"technique": ["tem_image"]}, FRAMES),
        ({"technique": ["other"]}, RASTER),
        ({}, RASTER),
        (four_d(scan_pattern=None), None),
    ],
)
def test_nothing_is_assumed_of_other_scans_or_of_what_is_not_known(document: Any, signals: Any) -> None:
    assert "scan_pattern" not in merge(document, signals=signals)


IN_FILE = {
    "start": {"value": 350.0, "unit": "eV"},
    "end": {"value": 861.75, "unit": "eV"},
    "bin_width": {"value": 0.25, "unit": "eV"},
    "channels": 2048,
}


@pytest.mark.parametrize(
    ("said", "part", "number"),
    [
        ({"bin_width": "0.1 eV"}, "end", 554.7),
        ({"start": "0.351 keV"}, "end", 862.75),
        ({"start": "351 eV", "bin_width": "0.1 eV"}, "end", 555.7),
        ({"end": "900 eV", "bin_width": "0.1 eV"}, "start", 695.3),
        ({"start": "100 eV", "end": "509.4 eV"}, "bin_width", 0.2),
    ],
)
def test_a_spectrum_ends_where_its_axis_does(said: dict[str, Any], part: str, number: float) -> None:
    """The file's own third holds of the axis that was there before: published, it would be a wrong number."""
    merged = merge_metadata(
        header={"technique": ["eels"], "energy_axis": IN_FILE},
        supplied_layers=[("measurements/a.dm3", {"energy_axis": said})],
    ).document["energy_axis"]
    assert merged[part]["value"] == pytest.approx(number)
    assert (merged[part]["unit"], merged[part]["source"]) == ("eV", "derived")


def test_what_nobody_moves_stays_as_the_file_says_it() -> None:
    for said in ({}, {"end": "900 eV"}, {"end": "861.75 eV", "start": "350 eV", "bin_width": "0.25 eV"}):
        merged = merge_metadata(
            header={"technique": ["eels"], "energy_axis": IN_FILE},
            supplied_layers=[("measurements/a.dm3", {"energy_axis": said})],
        ).document["energy_axis"]
        assert "derived" not in {merged[part].get("source") for part in ("start", "end", "bin_width")}
