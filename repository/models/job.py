import uuid
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from repository.lanes import LANES
from repository.models.deposit import Deposit
from repository.states import ACTIVE_STATES, JobState

MOST_ATTEMPTS = 5
"""So often a job is begun, unless it says otherwise."""


class Job(models.Model):
    """A piece of work to do once. This row is the truth; messages in the broker only say "look here".

    `attempt` is the fencing token: a worker that lost its lease finds another number and may not write any more.
    Times that decide something are the database's, so that machines whose clocks disagree cannot steal or stall.
    """

    State = JobState
    ACTIVE = ACTIVE_STATES

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=40)
    deposit = models.ForeignKey(Deposit, null=True, blank=True, on_delete=models.CASCADE, related_name="jobs")
    target = models.CharField(max_length=80, help_text="Id of what the job works on.")
    parameters = models.JSONField(
        default=dict,
        db_default=models.Value({}, models.JSONField()),
        help_text="What is asked of it besides the target; two jobs that differ in it are two pieces of work.",
    )
    lane = models.CharField(
        max_length=8, choices=[(lane, lane) for lane in LANES], default="long", db_default="long"
    )
    depositor = models.PositiveBigIntegerField(
        default=0,
        db_default=0,
        help_text="Whose turn it takes: the account of the deposit's owner, 0 for the house itself.",
    )
    state = models.CharField(max_length=16, choices=State, default=State.QUEUED)
    attempt = models.PositiveIntegerField(default=0)
    max_attempts = models.PositiveIntegerField(default=MOST_ATTEMPTS)
    not_before = models.DateTimeField(db_default=Now())
    lease_until = models.DateTimeField(null=True, blank=True)
    published_at = models.DateTimeField(null=True, blank=True)
    fraction = models.FloatField(default=0.0)
    message = models.CharField(max_length=300, blank=True)
    reason = models.TextField(blank=True, help_text="Why it failed, for the person.")
    created_at = models.DateTimeField(db_default=Now())
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["created_at"]
        indexes: ClassVar = [
            models.Index(
                fields=["not_before"], name="job_active", condition=Q(state__in=["queued", "running"])
            ),
            models.Index(fields=["deposit", "state"], name="job_deposit_state"),
            # What the fair order asks for: who waits, who is being served, who was served last (see job_order).
            models.Index(
                fields=["lane", "depositor", "created_at", "id"],
                name="job_waiting",
                condition=Q(state="queued"),
            ),
            models.Index(fields=["lane", "depositor"], name="job_held", condition=Q(state="running")),
            models.Index(
                fields=["lane", "depositor", "-started_at"],
                name="job_served",
                condition=Q(started_at__isnull=False),
            ),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="job_active_once",
                fields=["kind", "target", "parameters"],
                condition=Q(state__in=["queued", "running"]),
            ),
            models.CheckConstraint(
                name="job_state_known",
                condition=Q(state__in=JobState.values),
            ),
            models.CheckConstraint(name="job_lane_known", condition=Q(lane__in=["short", "long"])),
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
    """Return whether the description and all answers can be changed: always, until it is published (ADR 0041)."""
    return deposit.state != Deposit.State.PUBLISHED


class WorkerHeartbeat(models.Model):
    """When a worker last said that it lives, and which lanes it takes work from."""

    name = models.CharField(primary_key=True, max_length=200)
    seen_at = models.DateTimeField()
    lanes = ArrayField(models.CharField(max_length=8), default=list)

    def __str__(self) -> str:
        return self.name
