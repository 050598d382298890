"""A rehearsal of a schema that moves a field: rows of the first version, and a step in place of the real one."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest

from repository.models import Deposit, Measurement
from repository.schema.versions import steps as version_steps
from repository.schema.versions.in_force import FIRST_VERSION, VERSION_IN_FORCE
from repository.schema.versions.steps import DocumentChange, VersionStep

FORMER, PRESENT = "lens_mode", "phase_plate"
"""Two texts: what the first version is played to have kept in the one place, later ones keep in the other."""
FORMER_OF_DATASET, PRESENT_OF_DATASET = "language", "methods"

Rewritten = tuple[Mapping[str, Any], tuple[DocumentChange, ...]]


def _move(document: Mapping[str, Any], old: str, new: str) -> Rewritten:
    if old not in document:
        return document, ()
    moved = {new if key == old else key: value for key, value in document.items()}
    return moved, (DocumentChange(f"/{old}", f"moved to /{new}"),)


def move_measurement(document: Mapping[str, Any]) -> Rewritten:
    """Bring a field of a measurement to its later place."""
    return _move(document, FORMER, PRESENT)


def move_dataset(document: Mapping[str, Any]) -> Rewritten:
    """Bring a field of a dataset to its later place."""
    return _move(document, FORMER_OF_DATASET, PRESENT_OF_DATASET)


@contextmanager
def rehearsing() -> Iterator[None]:
    """Let documents of the first version take the steps above on their way to the version in force."""
    step = VersionStep(FIRST_VERSION, VERSION_IN_FORCE, measurement=move_measurement, dataset=move_dataset)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(version_steps, "STEPS", (step,))
        yield


@contextmanager
def written_under_the_first() -> Iterator[None]:
    """Let new rows name the first version, as those did that were written before there was a second."""
    with pytest.MonkeyPatch.context() as patch:
        for model in (Deposit, Measurement):
            field = model._meta.get_field("schema_version")
            patch.setitem(field.__dict__, "_get_default", lambda: FIRST_VERSION)
        yield
