"""What several people do at the same moment, each in a thread and with a connection of their own."""

import threading
from collections.abc import Callable
from typing import Any

from django.db import connection

from tests.patience import patient


def at_once(*actions: Callable[[], Any]) -> list[Any]:
    """Run actions in threads that begin together; return what each returned or raised."""
    begin = threading.Barrier(len(actions), timeout=patient(10))
    results: list[Any] = [None] * len(actions)

    def run(position: int, action: Callable[[], Any]) -> None:
        begin.wait()
        try:
            results[position] = action()
        except Exception as fault:  # noqa: BLE001  # what was raised is the result
            results[position] = fault
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(actions)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(patient(60))
    return results
