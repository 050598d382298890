import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from repository.models.deposit import Deposit


class Job(models.Model):
    """A piece of work to do once. This row is the truth; messages in the broker only say "look here".

    `attempt` is the fencing token: a worker that lost its lease finds another number and may not write any more.
    """

    class State(models.TextChoices):
        QUEUED = "queued", "Waiting"
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"
        CANCELLED = "cancelled", "Cancelled"

    ACTIVE = (State.QUEUED, State.RUNNING)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=40)
    deposit = models.ForeignKey(Deposit, null=True, blank=True, on_delete=models.CASCADE, related_name="jobs")
    target = models.CharField(max_length=80, help_text="Id of what the job works on.")
    state = models.CharField(max_length=16, choices=State, default=State.QUEUED)
    attempt = models.PositiveIntegerField(default=0)
    max_attempts = models.PositiveIntegerField(default=5)
    not_before = models.DateTimeField(default=timezone.now)
    lease_until = models.DateTimeField(null=True, blank=True)
    published_at = models.DateTimeField(null=True, blank=True)
    fraction = models.FloatField(default=0.0)
    message = models.CharField(max_length=300, blank=True)
    reason = models.TextField(blank=True, help_text="Why it failed, for the person.")
    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["created_at"]
        indexes: ClassVar = [
            models.Index(
                fields=["not_before"], name="job_active", condition=Q(state__in=["queued", "running"])
            ),
            models.Index(fields=["deposit", "state"], name="job_deposit_state"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="job_active_once",
                fields=["kind", "target"],
                condition=Q(state__in=["queued", "running"]),
            ),
            models.CheckConstraint(
                name="job_state_known",
                condition=Q(state__in=["queued", "running", "done", "failed", "cancelled"]),
            ),
            models.CheckConstraint(name="job_fraction_within", condition=Q(fraction__gte=0, fraction__lte=1)),
            models.CheckConstraint(
                name="job_running_has_lease", condition=~Q(state="running") | Q(lease_until__isnull=False)
            ),
            models.CheckConstraint(
                name="job_failed_has_reason", condition=~Q(state="failed") | ~Q(reason="")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.target} ({self.state})"


def is_answerable(deposit: Deposit) -> bool:
    """Return whether questions can be answered although the files are still being read.

    They can once headers are read; which measurements there are is settled by then.
    """
    if deposit.state != Deposit.State.PROCESSING:
        return False
    is_inspected = Job.objects.filter(deposit=deposit, kind="inspect_deposit", state__in=Job.ACTIVE).exists()
    return not is_inspected and deposit.current_measurements.exclude(state="found").exists()


class WorkerHeartbeat(models.Model):
    """When a worker process last said that it lives."""

    name = models.CharField(primary_key=True, max_length=200)
    seen_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
