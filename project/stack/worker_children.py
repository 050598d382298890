"""Imported by the worker (`--include`): its pool processes end with it, however it ends.

Left alone, a busy pool process would go on with a job that the database has given to somebody else.
"""

import os
import signal
from typing import Any

from celery.signals import worker_process_init

from project.stack.processes import die_with_parent

_WORKER = os.getpid()  # imported before the pool forks


@worker_process_init.connect(weak=False)
def follow_the_worker(**_: Any) -> None:
    """Run in each fresh pool process."""
    die_with_parent(signal.SIGKILL, parent=_WORKER)
