"""What a job of each kind does. Packages above register theirs when Celery imports their `tasks`."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from repository.errors import LeaseLostError
from repository.lanes import Lane
from repository.services.jobs import ClaimedJob

Apply = Callable[[], None]


@dataclass(slots=True)
class JobProgress:
    """How far a running job is; the heartbeat writes it down."""

    fraction: float = 0.0
    message: str = ""
    lost: threading.Event = field(default_factory=threading.Event)

    def report(self, fraction: float, message: str) -> None:
        """Say how far the work is.

        Raises
        ------
        LeaseLostError
            The job belongs to another worker by now; stop.
        """
        self.fraction = fraction
        self.message = message
        if self.lost.is_set():
            raise LeaseLostError("The lease of this job was lost.")


@dataclass(frozen=True, slots=True)
class JobKind:
    """The two halves of a kind of job.

    Attributes
    ----------
    work
        Computes outside any transaction and returns what applies the result; that runs in the settling transaction.
    apply_failure
        Records in the domain that the job failed for good, with the reason; runs in the settling transaction.
    lane
        Whether a person waits for such work (short), or the size of a file decides how long it takes (long).
    is_light
        Asked with the target of a job of the long lane: whether this one is so little work that it counts as short.
    """

    work: Callable[[ClaimedJob, JobProgress], Apply]
    apply_failure: Callable[[ClaimedJob, str], None]
    lane: Lane
    is_light: Callable[[str], bool] | None = None

    def choose_lane(self, target: str) -> Lane:
        """Return the lane of one job of this kind."""
        if self.lane == "long" and self.is_light is not None and self.is_light(target):
            return "short"
        return self.lane


_kinds: dict[str, JobKind] = {}


def register_kind(kind: str, job_kind: JobKind) -> None:
    """Make a kind of job known."""
    _kinds[kind] = job_kind


def get_kind(kind: str) -> JobKind:
    """Return the two halves of a kind; an unknown kind is a fault of the installation."""
    return _kinds[kind]
