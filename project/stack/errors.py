"""Refusals of the stack."""


class StackError(Exception):
    """The stack cannot go on; the message is a sentence for the person at the terminal, with what to do."""


class StopRequestedError(Exception):
    """Somebody asked for the stop while the start was still going on."""
