"""Running one job in the process of a test, as a worker that heard its bell and found it to be the next."""

import uuid

from repository.services.jobs import claim_job
from repository.tasks import jobs


def run_job(job_id: str) -> None:
    """Claim this job and do it, unless somebody else holds it."""
    claim = claim_job(job_id=uuid.UUID(job_id))
    if claim is not None:
        jobs.run_job(claim)
