"""What every cross-field check is given."""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from repository.schema.documents.calibrated_axes import calibrate_signals
from repository.schema.documents.signal_kind import SignalDecision, decide_signal_kinds
from repository.schema.findings import Finding, Severity
from repository.schema.quantities.signals import SignalAxis, SignalShape
from repository.schema.search.facts import Facts, derive_facts


@dataclass(frozen=True, slots=True)
class Context:
    """A normalized document, its arrays calibrated by it (empty when not known), what they are, and the facts."""

    document: Mapping[str, Any]
    signals: tuple[SignalShape, ...]
    decisions: Mapping[str, SignalDecision]
    facts: Facts
    now: dt.datetime

    def find_axis(self, *names: str) -> SignalAxis | None:
        """Return the first axis of any array that has one of these names."""
        axes = [axis for signal in self.signals for axis in signal.axes]
        return next((axis for name in names for axis in axes if axis.name == name), None)


Check = Callable[[Context], Iterator[Finding]]


def build_context(
    document: Mapping[str, Any], signals: Sequence[SignalShape] | None, now: dt.datetime | None
) -> Context:
    """Gather what the checks need; `now` is the clock that dates are compared with."""
    return Context(
        document=document,
        signals=calibrate_signals(signals, document),
        decisions=decide_signal_kinds(signals or (), document),
        facts=derive_facts(document, signals),
        now=now or dt.datetime.now(dt.UTC),
    )


def report(severity: Severity, code: str, message: str, pointer: str, hint: str) -> Finding:
    """Return a finding of the cross-field layer."""
    return Finding(severity, code, message, pointer, hint, "cross_field")
