"""Counts from which nothing comes back while a test looks, however slow the machine is."""

from dataclasses import replace

import pytest

from repository.limits import Charge, Limit

SLOWER = 1000


def let_nothing_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let attempts come back a thousand times slower."""
    soon = Limit.of

    def late(limit: Limit, *subject: str) -> Charge:
        charge = soon(limit, *subject)
        return replace(charge, step_s=charge.step_s * SLOWER, span_s=charge.span_s * SLOWER)

    monkeypatch.setattr(Limit, "of", late)
