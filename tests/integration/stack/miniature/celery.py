"""Stands in for the jobs: one task that keeps its process busy."""

import os
import time

from celery import Celery

app = Celery("miniature", broker=os.environ["BROKER_URL"])


def spin(seconds: float) -> None:
    """Never sleep, so that only a kill ends it early."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        pass


app.task(spin, name="spin")
