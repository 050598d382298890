"""The techniques as terms that other vocabularies know.

IRIs are those of the Chemical Methods Ontology (CHMO). Where it has no term for a technique the nearest
broader one is given, and the label says what is meant.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TechniqueTerm:
    label: str
    iri: str | None = None


_CHMO = "http://purl.obolibrary.org/obo/CHMO_"

TECHNIQUE_TERMS: dict[str, TechniqueTerm] = {
    "annular": TechniqueTerm(
        "Scanning transmission electron microscopy with annular detectors", f"{_CHMO}0000086"
    ),
    "segmented_detector": TechniqueTerm(
        "Scanning transmission electron microscopy with a segmented detector", f"{_CHMO}0000086"
    ),
    "four_d_stem": TechniqueTerm("4D-STEM (scanned electron diffraction)", f"{_CHMO}0000086"),
    "eels": TechniqueTerm("Electron energy-loss spectroscopy", f"{_CHMO}0000373"),
    "eds": TechniqueTerm("Energy-dispersive X-ray spectroscopy", f"{_CHMO}0002238"),
    "cathodoluminescence": TechniqueTerm("Cathodoluminescence"),
    "tem_image": TechniqueTerm("Transmission electron microscopy"),
    "diffraction_pattern": TechniqueTerm("Electron diffraction", f"{_CHMO}0000142"),
    "derived_table": TechniqueTerm("Derived table"),
    "other": TechniqueTerm("Other"),
}


def find_technique_term(technique: str) -> TechniqueTerm:
    """Return the term of a technique; one that is not listed is its own label."""
    return TECHNIQUE_TERMS.get(technique, TechniqueTerm(technique.replace("_", " ")))
