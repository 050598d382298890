"""What is said of a fault that costs one result only: its own words to a person, all of it to the log."""

import traceback

LONGEST = 300


def tell_fault(error: Exception) -> str:
    """Return what went wrong in the fault's own words; what the program's makers need goes to the log of the run."""
    traceback.print_exception(error)
    return str(error)[:LONGEST] or "it gave no reason"
