"""What keys mean to programs that read linked data: the words of published vocabularies, else ours, for ever."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

import repository.schema
from repository.schema.questions.fields import load_catalogue
from repository.schema.versions.files import build_context
from repository.schema.versions.in_force import FIRST_VERSION

RELEASED = sorted(Path(repository.schema.__file__).parent.joinpath("releases").glob("*/context.jsonld"))


def list_meanings(context: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield path and IRI of each key that is no keyword of JSON-LD."""
    for key, term in context.items():
        if isinstance(term, Mapping) and not key.startswith("@"):
            yield f"{prefix}{key}", term["@id"]
            yield from list_meanings(term.get("@context", {}), f"{prefix}{key}.")


def test_a_field_means_the_published_word_for_it_else_ours() -> None:
    meanings = dict(list_meanings(build_context()["@context"]))
    fields = load_catalogue().measurement
    published = {path: field.iri["emg"].term for path, field in fields.items() if "emg" in field.iri}
    assert published
    assert len(published) < len(fields)
    for path in fields:
        plain = path.replace("[]", "").replace("{}", "")
        if plain not in meanings:
            continue
        expected = (
            f"https://purls.helmholtz-metadaten.de/emg/{published[path]}"
            if path in published
            else f"https://w3id.org/stemma/terms#{plain}"
        )
        assert meanings[plain] == expected, path
    assert set(published) <= set(meanings)


CORRECTED = {
    "acquired_at": "EMG_00000055 is a time that something takes",
    "acquisition_duration": "EMG_00000055 is a time that something takes",
    "extraction_voltage": "EMG_00000026 is the extraction voltage, which had no published word",
    "sample.name": "EMG_00000046 is the sample, not its name",
}
"""Keys that the first version gave another word than they have now, and why (ADR 0038)."""


@pytest.mark.parametrize("released", RELEASED, ids=lambda path: path.parent.name)
def test_no_key_changes_its_meaning_after_a_release(released: Path) -> None:
    former = dict(list_meanings(json.loads(released.read_text(encoding="utf-8"))["@context"]))
    present = dict(list_meanings(build_context()["@context"]))
    assert len(former) > 100
    corrected = set(CORRECTED) if released.parent.name == FIRST_VERSION else set()
    assert {path for path, iri in former.items() if present.get(path, iri) != iri} == corrected
