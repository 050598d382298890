"""Waiting for a deposit as its owner does."""

import time
from typing import Any

import httpx

BUSY = {"submitted", "processing"}


def wait_for_deposit(http: httpx.Client, deposit_id: str, *, seconds: float = 120.0) -> dict[str, Any]:
    """Poll until nothing is being read any more and return the deposit."""
    deadline = time.monotonic() + seconds
    while True:
        answer = http.get(f"/api/v1/deposits/{deposit_id}/")
        assert answer.status_code == 200, answer.text
        record: dict[str, Any] = answer.json()
        if record["state"] not in BUSY:
            return record
        assert time.monotonic() < deadline, f"{record['state']} {record['progress']}"
        time.sleep(0.3)
