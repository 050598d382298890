"""What the technique of a measurement seems to be: a proposal, which a person confirms. It is no answer.

What speaks, the strongest first: the header in the schema's words, the units and ranges of the axes, and where nothing
else tells the picture of one frame, which is never sure. It is worked out when it is asked for, so it is never stale.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from repository.schema.documents.signal_kind import decide_signal_kinds
from repository.schema.documents.technique_guesses import (
    IMAGES,
    PATTERNS,
    SPECTRA,
    Proposal,
    SeenSignal,
    describe_as,
    describe_positions,
    describe_range,
    find_spectroscopy,
    guess,
    has_spectral_scale,
)
from repository.schema.quantities.signals import SignalKind
from repository.schema.questions.fields import load_catalogue
from repository.schema.questions.situation import list_techniques
from repository.schema.questions.techniques import find_impossible

SPECTRAL = frozenset({"eels", "eds", "cathodoluminescence"})
_OF_DETECTOR = re.compile(r"(?:^|_)(?:haadf|maadf|laadf|adf|abf|bf|df\d?)(?:_|$)")
_SHOWN_BY: Mapping[str, frozenset[SignalKind]] = {
    "annular": IMAGES,
    "segmented_detector": IMAGES | {"channel_maps"},
    "four_d_stem": frozenset({"pattern_scan"}),
    **dict.fromkeys(SPECTRAL, SPECTRA),
    "tem_image": IMAGES,
    "diffraction_pattern": PATTERNS,
}
"""What an array is that shows a technique; the others say nothing of arrays."""


def propose_technique(header: Mapping[str, Any], signals: Sequence[SeenSignal]) -> Proposal | None:
    """Return what the technique of a measurement seems to be; None where its files were not opened yet.

    Parameters
    ----------
    header
        What the header says in the schema's words. The merged document is not looked at: its technique may be an
        answer, and what somebody says of all files is no evidence about one.
    signals
        Its arrays, with the axes as the record has them: the unit that a person gave is the unit.
    """
    if not signals:
        return None
    decisions = decide_signal_kinds([signal.shape for signal in signals], header)
    decided = [replace(signal, decision=decisions[signal.shape.name]) for signal in signals]
    ordered = sorted(decided, key=lambda signal: signal.shape.name != "data")
    main, others = ordered[0], ordered[1:]
    named = list_techniques(header)
    proposal = _judge_header(named, main, ordered) if named else guess(main, header)
    return _add_images(proposal, main, others)


def _judge_header(named: tuple[str, ...], main: SeenSignal, signals: Sequence[SeenSignal]) -> Proposal:
    """Return what the header names, sure where the arrays show it and nothing speaks against it."""
    against = find_impossible(named, [signal.shape for signal in signals]) or main.decision.contradiction
    if against:
        return Proposal(named, sure=False, why=f"The header calls it that, but: {against}")
    if SPECTRAL & set(named) and not any(has_spectral_scale(signal) for signal in signals):
        why = "The header calls it that, but the channels have no energies or wavelengths."
        return Proposal(named, sure=False, why=why)
    measured = find_spectroscopy(main)
    if measured is not None and SPECTRAL & set(named) and measured not in named:
        why = f"The header calls it that, but {describe_as(main, measured)}."
        return Proposal(named, sure=False, why=why)
    kinds = {signal.kind for signal in signals}
    if any(not kinds & _SHOWN_BY.get(technique, kinds) for technique in named):
        return Proposal(named, sure=False, why=f"The header calls it that, but: {main.decision.reason}")
    if "four_d_stem" in named:
        found = guess(main, {})
        return Proposal(named, sure=found.techniques == ("four_d_stem",) and found.sure, why=found.why)
    return Proposal(named, sure=True, why=_describe_named(named, main))


def _describe_named(named: tuple[str, ...], main: SeenSignal) -> str:
    titles = {term.value: term.title for term in load_catalogue().vocabularies["technique"]}
    words = " and ".join(titles[technique] for technique in named)
    if SPECTRAL & set(named):
        return f"The header says so: {words}; {describe_range(main)}."
    if main.is_scanned_image:
        return f"The header says so: {words}; one value at each of {describe_positions(main)}."
    return f"The header says so: {words}."


def _add_images(proposal: Proposal, main: SeenSignal, others: Sequence[SeenSignal]) -> Proposal:
    """Add images of a detector that lie beside spectra; beside patterns they say nothing."""
    if not SPECTRAL & set(proposal.techniques) or "annular" in proposal.techniques:
        return proposal
    images = [one for one in others if one.is_scanned_image and _OF_DETECTOR.search(one.shape.name)]
    if not images or not main.is_scanned:
        return proposal
    why = f"{proposal.why} Beside them lies an image of a STEM detector ({images[0].shape.name})."
    return Proposal((*proposal.techniques, "annular"), sure=proposal.sure, why=why)
