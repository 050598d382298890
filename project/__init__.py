"""The composition root: settings, addresses, processes. Importing it makes the Celery application the current one."""

from project.celery import app as celery_application

__all__ = ["celery_application"]
