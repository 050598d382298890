"""What pages, API and commands may start. They know this module, not the jobs behind it."""

from ingest.workflows import refresh_deposit, submit_deposit
from repository.workflows.publishing import publish_dataset_version as publish

__all__ = ["publish", "refresh_deposit", "submit_deposit"]
