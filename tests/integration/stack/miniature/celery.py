"""Stands in for the jobs: one task that takes its time."""

import os
import time

from celery import Celery

app = Celery("miniature", broker=os.environ["BROKER_URL"])


@app.task
def sleep(seconds: float) -> None:
    time.sleep(seconds)
