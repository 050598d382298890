"""Tables in documents that a program writes: put in their place, or told where the committed one differs."""

import sys
from collections.abc import Mapping
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]


def replace_between(text: str, begin: str, end: str, table: str) -> str:
    """Return a document with what stands between two marks written anew.

    Raises
    ------
    ValueError
        The document has no such marks.
    """
    before, begun, rest = text.partition(begin)
    _, ended, after = rest.partition(end)
    if not begun or not ended:
        raise ValueError(f"no place for the table between {begin} and {end}")
    return f"{before}{begin}\n{table}\n{end}{after}"


def write_or_compare(documents: Mapping[str, str], verb: str) -> bool:
    """Write documents where the command line says `--write`; else return whether they are current, and say so."""
    outdated = []
    for name, written in documents.items():
        path = CHECKOUT / name
        if "--write" in sys.argv:
            path.write_text(written, encoding="utf-8")
        elif written != path.read_text(encoding="utf-8"):
            outdated.append(name)
    if outdated:
        sys.stderr.write(f"{' and '.join(outdated)}: not current. Run `make {verb}`.\n")
    return not outdated
