"""What becomes of a measurement, in words and as buttons."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from repository.selectors.arrived import ArrivedView
from repository.selectors.deposits import MeasurementView

_WORDS = {"publish": "to be published", "private": "kept private", "discard": "discarded when you publish"}
_VERBS = {"publish": "Publish", "private": "Keep private", "discard": "Discard"}


@dataclass(frozen=True, slots=True)
class FateChoice:
    """One thing that can become of a measurement; `body` asks the API for it."""

    verb: str
    words: str
    is_now: bool
    is_ending: bool
    body: Mapping[str, Any]


def describe_fate(fate: str) -> str:
    """Return what becomes of a measurement that is not to be published; nothing of the others."""
    return "" if fate == "publish" else _WORDS[fate]


def list_fate_choices(measurement: MeasurementView) -> tuple[FateChoice, ...]:
    """Return what can become of a measurement, what it is now among it."""
    return tuple(
        FateChoice(
            verb=verb,
            words=_WORDS[fate][:1].upper() + _WORDS[fate][1:],
            is_now=fate == measurement.fate,
            is_ending=fate == "discard",
            body={"changes": [{"fate": fate, "measurements": [measurement.id]}]},
        )
        for fate, verb in _VERBS.items()
    )


def build_restoring(arrived: ArrivedView) -> Mapping[str, Any]:
    """Return what asks the API to restore what is set aside."""
    aside = (kind for kind in arrived.kinds if kind.kind == "set_aside")
    return {"changes": [{"fate": "publish", "paths": [file.path for kind in aside for file in kind.files]}]}
