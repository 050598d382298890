"""What arrays are taken for: what is decided now, beside what their products were made for."""

from processing.declarations.recipe import is_real
from repository.models import Measurement, Signal


def list_kinds(measurement: Measurement) -> dict[str, str | None]:
    """Return what each array is, for an order.

    What is published stays what it was taken for.
    """
    decided: dict[str, str | None] = {
        name: decision.kind for name, decision in measurement.signal_decisions.items()
    }
    if measurement.frozen_at is None:
        return decided
    return {
        signal.name: signal.statistics.get("kind", decided[signal.name])
        for signal in measurement.signals.all()
    }


def list_working_kinds(measurement: Measurement) -> dict[str, str | None]:
    """Return what each converted array is, as far as recipes can work on it; None where none can."""
    kinds = list_kinds(measurement)
    return {
        signal.name: kinds[signal.name] if is_real(signal.dtype) else None
        for signal in measurement.signals.all()
        if signal.converted_at is not None
    }


def list_retaken(measurement: Measurement) -> list[Signal]:
    """Return the converted arrays that are another kind by now than their products were made for."""
    if measurement.frozen_at is not None:
        return []
    kinds = list_kinds(measurement)
    return [
        signal
        for signal in measurement.signals.all()
        if signal.converted_at is not None and _is_retaken(signal, kinds[signal.name])
    ]


def has_retaken_pictures(signal: Signal, kind: str | None) -> bool:
    """Return whether an array that waits for its conversion has pictures that were drawn of another kind."""
    return signal.converted_at is None and _is_retaken(signal, kind)


def _is_retaken(signal: Signal, kind: str | None) -> bool:
    return "kind" in signal.statistics and signal.statistics["kind"] != kind
