"""How one thread ends the transfers of all."""

from threading import Event


class TransferStoppedError(Exception):
    """Another thread asked all transfers to stop."""


def check_stop(stop: Event) -> None:
    """Raise TransferStoppedError where a stop was asked for."""
    if stop.is_set():
        raise TransferStoppedError


def pause(stop: Event, seconds: float) -> None:
    """Sleep, but no longer than until a stop is asked for, which is raised."""
    stop.wait(seconds)
    check_stop(stop)
