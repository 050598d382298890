"""Waiting for a deposit as its owner does."""

from typing import Any

import httpx

from tests.patience import Deadline, let_pass

BUSY = {"submitted", "processing"}


def wait_for_deposit(http: httpx.Client, deposit_id: str, *, seconds: float = 120.0) -> dict[str, Any]:
    """Poll until nothing is being read any more and return the deposit."""
    deadline = Deadline(seconds)
    while True:
        answer = http.get(f"/api/v1/deposits/{deposit_id}/")
        assert answer.status_code == 200, answer.text
        record: dict[str, Any] = answer.json()
        if record["state"] not in BUSY:
            return record
        assert not deadline.is_over(), f"{record['state']} {record['progress']}"
        let_pass(0.3)
