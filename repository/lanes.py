"""The two lanes of work: what a person waits for never stands behind what only the size of a file explains."""

from typing import Literal

Lane = Literal["short", "long"]
"""Short work takes seconds; long work takes as long as its file is large. Each has a queue of its name."""

LANES: tuple[Lane, ...] = ("short", "long")
"""In the order in which a process that takes both looks for work."""

ONE_AT_A_TIME = ("send_message",)
"""Kinds of which one job runs at a time, however many wait: a neighbour's server that is slow, or means us harm, holds
one process and never all of them."""
