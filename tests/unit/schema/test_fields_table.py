"""Every cell of the table that was decided, walked: technique × field × scan × series × origin × level.

`fields_table.yaml` is a copy by hand of the decided table; its meaning is said here once more, apart from the program.
Asked is what `list_requirements` lists, at the level required or recommended; nothing else may be asked.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import yaml

from repository.schema.quantities.signals import SignalAxis, SignalShape
from repository.schema.questions.fields import load_catalogue
from repository.schema.questions.requirements import list_requirements

TABLE = yaml.safe_load(Path(__file__).with_name("fields_table.yaml").read_text(encoding="utf-8"))
COLUMNS = TABLE["columns"]
TECHNIQUES = [name for name in COLUMNS if name not in {"time", "tilt", "simulated"}]
NOT_STEM = {"derived_table", "other"}
SCANS = ("none", "point", "line", "raster", "positions")
SERIES = (
    "none", "time", "tilt", "focal", "rotation", "temperature", "bias", "fluence", "energy", "other",
)  # fmt: skip
ORIGINS = ("measured", "simulated", "augmented")
LEVELS = ("raw", "vendor_corrected", "counted", "binned_or_cropped", "filtered", "derived")
# An axis that nobody explains: whether axes with units are asked shows in every case.
ARRAYS = (SignalShape("data", (SignalAxis("stage_height", 4),)),)


@dataclass(frozen=True)
class Case:
    """One situation, in the words of a record."""

    technique: str
    scan: str
    series: str
    origin: str
    level: str = "raw"
    illumination: str = "convergent"
    more: tuple[tuple[str, Any], ...] = ()

    def as_document(self) -> dict[str, Any]:
        words = {"scan": self.scan, "series": self.series, "origin": self.origin, "level": self.level}
        return {"technique": [self.technique], "illumination": self.illumination, **words, **dict(self.more)}


def read_lines() -> Iterator[tuple[str, Mapping[str, str], Mapping[str, Any]]]:
    for line in TABLE["lines"]:
        codes = dict(zip(COLUMNS, line["codes"].split(), strict=True))
        for path in line["asks"]:
            yield path, codes, line


LINES = tuple(read_lines())


def is_met(flag: str, case: Case) -> bool:
    said = dict(case.more)
    if flag in "ad":
        return case.scan in {"line", "raster", "positions"}
    if flag == "e":
        return bool(
            said.get("radiation", "none" if case.technique in NOT_STEM else "electrons") == "electrons"
        )
    if flag == "i":
        return bool(said.get("in_situ", case.series in {"temperature", "bias"}))
    if flag == "p":
        return "ptychography" in list(said.get("purpose", ()))
    met = {
        "b": case.illumination == "convergent",
        "c": True,
        "q": bool(said.get("momentum_resolved")),
        "t": case.series == "tilt",
    }
    return met[flag]


def weigh(code: str, case: Case) -> int:
    """Return 2 for required, 1 for recommended, 0 where a condition is not met or nothing is asked."""
    before, _, letters = code.rpartition(":")
    flags = [*before, *letters[1:]]
    return {"R": 2, "r": 1}.get(letters[0], 0) * all(is_met(flag, case) for flag in flags)


def expect(case: Case) -> dict[str, str]:
    """Return what the decided table asks in a situation, with its level."""
    asked = {}
    for path, codes, line in LINES:
        own = codes[case.technique]
        used = [own]
        if case.technique not in NOT_STEM and case.origin == "simulated":
            used = [] if line.get("detector") and own == "-" else [codes["simulated"]]
        elif case.technique not in NOT_STEM and case.series in {"time", "tilt"}:
            used = [own, codes[case.series]]
        weight = max((weigh(code, case) for code in used), default=0)
        if weight and "ptychography" in line and is_met("p", case):
            weight = 2
        settled = line.get("settled", {})
        if weight and not any(getattr(case, key) == word for key, word in settled.items()):
            asked[path] = "required" if weight == 2 else "recommended"
    return asked


def ask(case: Case) -> dict[str, str]:
    return {one.path: one.level for one in list_requirements(case.as_document(), signals=ARRAYS)}


def test_the_words_of_the_situations_are_all_there_are() -> None:
    words = load_catalogue().words
    assert set(words("technique")) == set(TECHNIQUES)
    assert (words("scan"), words("series"), words("origin"), words("level")) == (
        SCANS,
        SERIES,
        ORIGINS,
        LEVELS,
    )


@pytest.mark.parametrize(("technique", "origin"), list(product(TECHNIQUES, ORIGINS)))
def test_every_cell_is_asked_where_it_is_required_and_nowhere_else(technique: str, origin: str) -> None:
    for scan, series, level in product(SCANS, SERIES, LEVELS):
        case = Case(technique, scan, series, origin, level)
        assert ask(case) == expect(case), case


CONDITIONS: dict[str, dict[str, Any]] = {
    "parallel": {"illumination": "parallel"},
    "precession": {"illumination": "precession"},
    "in situ": {"in_situ": True},
    "nothing in situ": {"in_situ": False},
    "ptychography": {"purpose": ["ptychography"]},
    "another purpose": {"purpose": ["strain_mapping", "imaging"]},
    "electrons": {"radiation": "electrons"},
    "light": {"radiation": "photons"},
}


@pytest.mark.parametrize("condition", CONDITIONS)
@pytest.mark.parametrize("technique", TECHNIQUES)
def test_conditions_decide_where_the_table_names_them(technique: str, condition: str) -> None:
    said = dict(CONDITIONS[condition])
    illumination = said.pop("illumination", "convergent")
    for scan, series, origin in product(SCANS, ("none", "time", "tilt", "bias"), ORIGINS):
        case = Case(technique, scan, series, origin, illumination=illumination, more=tuple(said.items()))
        assert ask(case) == expect(case), case


@pytest.mark.parametrize("is_resolved", [True, False])
def test_momentum_decides_on_the_output_pixel_of_energy_loss(is_resolved: bool) -> None:
    for scan, series in product(SCANS, SERIES):
        case = Case("eels", scan, series, "measured", more=(("momentum_resolved", is_resolved),))
        assert ask(case) == expect(case), case
        assert ("diffraction_pixel_size" in expect(case)) is is_resolved


def test_what_has_no_escape() -> None:
    """No "not recorded" for these six; everywhere else it is an answer."""
    asked = [
        one
        for technique, origin in product(TECHNIQUES, ORIGINS)
        for one in list_requirements(Case(technique, "raster", "tilt", origin).as_document(), signals=ARRAYS)
    ]
    without = {"technique", "axes", "origin", "level", "sample.name", "acceleration_voltage"}
    assert {one.path for one in asked if not one.escape} == without
    assert {one.path for one in asked if one.escape} >= {
        "semi_convergence_angle",
        "scan_step",
        "derivation.inputs",
    }
