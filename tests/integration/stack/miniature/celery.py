"""Stands in for the jobs: a worker and a beat with nothing to do."""

import os

from celery import Celery

app = Celery("miniature", broker=os.environ["BROKER_URL"])
