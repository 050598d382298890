"""Every term of another vocabulary that the catalogue names, against a copy of where it is defined.

`terms.yaml` holds what the copies say, with source and version. A term that stands in no copy is not used: ours stays.
"""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from repository.schema.quantities.units import UNITS
from repository.schema.questions.fields import Field, ForeignTerm, Term, load_catalogue
from repository.schema.versions.files import build_context
from repository.schema.versions.namespaces import EM_GLOSSARY, QUDT_UNIT, list_field_iris

COPIES: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("terms.yaml").read_text("utf-8"))
CATALOGUE = load_catalogue()
NAMED = [
    (field, vocabulary, foreign)
    for fields in (CATALOGUE.measurement, CATALOGUE.dataset)
    for field in fields.values()
    for vocabulary, foreign in field.iri.items()
]
TECHNIQUES = [term for terms in CATALOGUE.vocabularies.values() for term in terms if term.iri]

REVIEWED = {
    ("Convergence semi-angle", "Convergence Angle"): "the glossary means the semi-opening angle too",
    ("Beam current", "Probe Current"): "at the specimen; the glossary's Beam Current flows along the whole column",
    ("Duration", "Acquisition Time"): "the time period in which data are acquired",
    ("Annular detector images (BF, ABF, ADF, HAADF)", "scanning transmission electron microscopy"):
        "broader: no word there for bright and dark field together; its annular dark field would be wrong of BF",
    ("Electron energy-loss spectroscopy", "transmission electron energy loss spectroscopy"): "of transmitted electrons",
    ("Energy-dispersive X-ray spectroscopy",
     "transmission electron microscopy energy-dispersive X-ray spectroscopy"): "as it is done here",
    ("TEM image (unscanned)", "transmission electron microscopy"): "the method that gives it",
    ("Diffraction pattern", "electron diffraction"): "the method that gives it",
}  # fmt: skip
"""Our title and the term's label where they are different words, with what was found when they were compared."""

DIMENSIONS = {
    "NX_VOLTAGE": "voltage", "NX_ANGLE": "angle", "NX_CURRENT": "current", "NX_LENGTH": "length", "NX_TIME": "time",
    "NX_SOLID_ANGLE": "solid_angle",
}  # fmt: skip
KINDS = {
    "NX_CHAR": {"text", "choice", "elements"}, "NX_DATE_TIME": {"timestamp"}, "NX_BOOLEAN": {"boolean"},
    "NX_ENERGY": {"group"}, "NXprocess": {"aberrations"}, "NX_NUMBER": {"quantity_or_series"},
}  # fmt: skip


def fold(label: str) -> str:
    return re.sub(r"[^a-z]", "", label.lower())


def are_compared(title: str, label: str) -> bool:
    """Say whether the words are the same, or somebody has compared what they mean."""
    return fold(title) == fold(label) or (title, label) in REVIEWED


@pytest.mark.parametrize(
    ("field", "vocabulary", "foreign"), NAMED, ids=[f"{field.path} {name}" for field, name, _ in NAMED]
)
def test_a_term_stands_in_the_copy_with_the_label_beside_ours(
    field: Field, vocabulary: str, foreign: ForeignTerm
) -> None:
    found = COPIES[vocabulary][foreign.term]
    assert foreign.label == found.get("label", found.get("unit", found.get("type")))
    if vocabulary == "emg":
        assert are_compared(field.title, foreign.label)
        is_time = "Time Period" in found["broader"]
        assert is_time is (field.unit is not None and UNITS[field.unit].dimension == "time")
    elif vocabulary == "qudt":
        assert found["ucum"] == field.unit
    elif foreign.label in DIMENSIONS:
        assert UNITS[str(field.unit)].dimension == DIMENSIONS[foreign.label]
    else:
        assert field.kind in KINDS[foreign.label]


@pytest.mark.parametrize("term", TECHNIQUES, ids=lambda term: term.value)
def test_a_technique_stands_in_the_copy_with_the_label_beside_ours(term: Term) -> None:
    found = COPIES["chmo"][str(term.iri).rpartition("/")[2]]
    assert term.iri_label == found["label"]
    assert are_compared(term.title, found["label"])


def test_what_was_reviewed_is_in_use() -> None:
    pairs = {(field.title, foreign.label) for field, _, foreign in NAMED} | {
        (term.title, term.iri_label) for term in TECHNIQUES
    }
    assert set(REVIEWED) <= pairs


def test_copies_say_where_they_are_from() -> None:
    assert set(COPIES["sources"]) | {"sources"} == set(COPIES)
    assert all(
        source["title"] and source["version"] and source["copy"] for source in COPIES["sources"].values()
    )


def test_a_date_is_no_duration_and_a_name_no_specimen() -> None:
    fields = CATALOGUE.measurement
    assert COPIES["emg"]["EMG_00000055"]["broader"] == ["Time Period"]
    assert fields["acquisition_duration"].iri["emg"].term == "EMG_00000055"
    assert {"emg"} & {*fields["acquired_at"].iri, *fields["sample.name"].iri} == set()


def test_linked_data_use_terms_of_the_copies_or_ours() -> None:
    context = build_context()["@context"]
    known = {EM_GLOSSARY + term for term in COPIES["emg"]} | {
        f"http://qudt.org/schema/qudt/{term}" for term, copy in COPIES["qudt"].items() if "ucum" not in copy
    }
    for key, term in context.items():
        iri = term["@id"] if isinstance(term, dict) else str(term)
        assert iri in {*known, EM_GLOSSARY, "1.1"} or iri.startswith(context["stemma"]), key
    assert context["acquisition_duration"]["@id"] == f"{EM_GLOSSARY}EMG_00000055"


def test_iris_are_whole_where_the_vocabulary_has_iris() -> None:
    assert list_field_iris(CATALOGUE.measurement["acceleration_voltage"]) == {
        "emg": f"{EM_GLOSSARY}EMG_00000004",
        "nexus": "measurement/eventID/instrument/ebeam_column/electron_source/voltage",
        "qudt": f"{QUDT_UNIT}KiloV",
    }
