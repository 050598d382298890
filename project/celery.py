"""The Celery application. Messages only say "look at this job"; what is to be done stands in the Job row."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")

app = Celery("stemma")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["repository", "ingest", "processing"])
app.autodiscover_tasks(["repository.workflows"], related_name="fixity")  # beat asks for it, and it makes jobs
