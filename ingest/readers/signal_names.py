"""Names of the signals of a file: the main one is `data`, the others by what the file calls them."""

import re
import unicodedata
from collections.abc import Sequence

MAX_NAME = 48


def slug(text: str) -> str:
    """Return the text as ``[a-z0-9_]+``; empty when nothing of it is left."""
    ascii_text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "_", ascii_text.casefold()).strip("_")[:MAX_NAME].strip("_")


def name_signals(titles: Sequence[str], sizes: Sequence[tuple[int, int]]) -> list[str]:
    """Return unique names for signals.

    Parameters
    ----------
    titles
        What the file calls each.
    sizes
        (number of axes, bytes) of each; the largest is the main one and called `data`.
    """
    if not titles:
        return []
    main = max(range(len(sizes)), key=lambda index: (sizes[index], -index))
    names: list[str] = [""] * len(titles)
    names[main] = "data"
    taken = {"data"}
    for index, title in enumerate(titles):
        if index == main:
            continue
        base = slug(title) or f"signal_{index + 1}"
        name, number = base, 2
        while name in taken:
            name, number = f"{base}_{number}", number + 1
        names[index] = name
        taken.add(name)
    return names
