"""Which states things have, and every way from one to another.

Services ask here before they change a state, the database checks the words, and `docs/states.md` is written from here
(`make states`). Who writes a state without asking is found by `tests/architecture/test_states.py`.
"""

from dataclasses import dataclass
from enum import Enum

from django.db.models import TextChoices


@dataclass(frozen=True, slots=True)
class Transition:
    """One way from any of some states to another.

    Attributes
    ----------
    by
        The functions that take it.
    who, when
        Whose act it is, and what must hold.
    """

    sources: tuple[str, ...]
    target: str
    by: tuple[str, ...]
    who: str
    when: str


class DepositState(TextChoices):
    """How far a deposit is."""

    DRAFT = "draft", "Draft"
    SUBMITTED = "submitted", "Handed in"
    PROCESSING = "processing", "Being read"
    NEEDS_ATTENTION = "needs_attention", "Needs attention"
    READY = "ready", "Ready to publish"
    PUBLISHED = "published", "Published"


# The depositor's to change; the server's, for a while; what is published is nobody's.
OPEN_STATES = (DepositState.DRAFT, DepositState.NEEDS_ATTENTION, DepositState.READY)
BUSY_STATES = (DepositState.SUBMITTED, DepositState.PROCESSING)
_EDITOR = "its owner, or a co-owner who may edit"
_DECIDER = "its owner, or a co-owner who may publish"
_SERVER = "the server"


class DepositMove(Enum):
    """Every change of a deposit's state."""

    SUBMIT = Transition(
        sources=OPEN_STATES,
        target=DepositState.SUBMITTED,
        by=("mark_submitted",),
        who=_EDITOR,
        when="it is handed in and no upload is unfinished",
    )
    BEGIN_READING = Transition(
        sources=(DepositState.SUBMITTED,),
        target=DepositState.PROCESSING,
        by=("_inspect", "submit_deposit", "settle_state"),
        who=_SERVER,
        when="a worker begins with its files, or goes on from what was only checked",
    )
    READ_AGAIN = Transition(
        sources=(DepositState.NEEDS_ATTENTION, DepositState.READY, DepositState.PROCESSING),
        target=DepositState.PROCESSING,
        by=(
            "read_deposit_again",
            "_reduce_outdated",
            "request_reduction",
            "reconvert_drafts",
            "settle_state",
        ),
        who=_SERVER,
        when="an answer makes other arrays or reductions of its files, somebody asks for a recipe, or the operator has "
        "arrays converted again",
    )
    STOP_READING = Transition(
        sources=BUSY_STATES,
        target=DepositState.DRAFT,
        by=("stop_reading",),
        who=_EDITOR,
        when="the reading is broken off; what was read so far is kept, and handing it in again goes on from there",
    )
    FIND_OBSTACLES = Transition(
        sources=(*BUSY_STATES, DepositState.READY),
        target=DepositState.NEEDS_ATTENTION,
        by=("settle_state",),
        who=_SERVER,
        when="nothing is being read, and errors or unacknowledged warnings are left",
    )
    FIND_READY = Transition(
        sources=(*BUSY_STATES, DepositState.NEEDS_ATTENTION),
        target=DepositState.READY,
        by=("settle_state",),
        who=_SERVER,
        when="nothing is being read, and nothing stands in the way of publishing",
    )
    CHANGE_FILES = Transition(
        sources=OPEN_STATES,
        target=DepositState.DRAFT,
        by=("reopen_draft",),
        who=_EDITOR,
        when="a file is added or taken out",
    )
    PUBLISH = Transition(
        sources=(DepositState.READY,),
        target=DepositState.PUBLISHED,
        by=("publish_deposit",),
        who=_DECIDER,
        when="there are no errors, every warning is acknowledged, and whatever can be read is converted",
    )
    START_VERSION = Transition(
        sources=(DepositState.PUBLISHED,),
        target=DepositState.DRAFT,
        by=("start_new_version",),
        who=_EDITOR,
        when="a next version is begun",
    )
    DISCARD_VERSION = Transition(
        sources=OPEN_STATES,
        target=DepositState.PUBLISHED,
        by=("discard_new_version",),
        who=_DECIDER,
        when="the next version is given up, and an earlier one is published",
    )


class MeasurementState(TextChoices):
    """How far a measurement was read."""

    FOUND = "found", "Found"
    OPENED = "opened", "Header read"
    CONVERTED = "converted", "Readable as arrays"
    FAILED = "failed", "Could not be read"


class MeasurementMove(Enum):
    """Every change of a measurement's state; what a version holds changes no more, which the database guards."""

    OPEN = Transition(
        sources=tuple(MeasurementState),
        target=MeasurementState.OPENED,
        by=("record_opening",),
        who=_SERVER,
        when="its header was read, for the first time or with other words of the person",
    )
    CONVERT = Transition(
        sources=(MeasurementState.OPENED, MeasurementState.CONVERTED),
        target=MeasurementState.CONVERTED,
        by=("record_conversion",),
        who=_SERVER,
        when="its arrays were made, for the first time or again",
    )
    FAIL = Transition(
        sources=tuple(MeasurementState),
        target=MeasurementState.FAILED,
        by=("record_reading_failure",),
        who=_SERVER,
        when="its files could not be opened or converted; a finding says why",
    )


class JobState(TextChoices):
    """How far a piece of work is."""

    QUEUED = "queued", "Waiting"
    RUNNING = "running", "Running"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"
    CANCELLED = "cancelled", "Cancelled"


ACTIVE_STATES = (JobState.QUEUED, JobState.RUNNING)
_WORKER = "the worker that holds it"


class JobMove(Enum):
    """Every change of a job's state."""

    CLAIM = Transition(
        sources=ACTIVE_STATES,
        target=JobState.RUNNING,
        by=("claim_job",),
        who="a worker",
        when="its time has come, or the lease of whoever held it is over; attempts are left",
    )
    TAKE_OVER = Transition(
        sources=ACTIVE_STATES,
        target=JobState.RUNNING,
        by=("take_over_exhausted",),
        who="the reconciler",
        when="no attempt is left and nobody holds it: it is claimed only to fail with its reason",
    )
    COMPLETE = Transition(
        sources=(JobState.RUNNING,),
        target=JobState.DONE,
        by=("complete_job",),
        who=_WORKER,
        when="its result is written down, in the same transaction",
    )
    FAIL = Transition(
        sources=(JobState.RUNNING,),
        target=JobState.FAILED,
        by=("fail_job",),
        who=_WORKER,
        when="it was refused, or its last attempt went wrong",
    )
    RETRY = Transition(
        sources=(JobState.RUNNING,),
        target=JobState.QUEUED,
        by=("retry_job",),
        who=_WORKER,
        when="an attempt went wrong and others are left",
    )
    POSTPONE = Transition(
        sources=(JobState.RUNNING,),
        target=JobState.QUEUED,
        by=("postpone_job",),
        who=_WORKER,
        when="the disk has no room; that costs no attempt",
    )
    CANCEL = Transition(
        sources=ACTIVE_STATES,
        target=JobState.CANCELLED,
        by=("cancel_jobs", "cancel_measurement_jobs"),
        who="the server, or an owner of the deposit",
        when="its deposit or version is given up, its owner breaks the reading off, or another job has made it "
        "superfluous",
    )
