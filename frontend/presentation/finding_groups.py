"""Findings as people read them: one cause in forty files is read once, with the places it was found in."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from repository.selectors.deposits import FindingView

_SEVERITIES = ("error", "warning", "info")
_FIRST_LINES = 3


@dataclass(frozen=True, slots=True)
class FindingGroup:
    """Findings of one kind that ask for the same.

    Attributes
    ----------
    lines, more
        What was found, each with its place; `more` is folded away.
    """

    severity: str
    hint: str
    lines: tuple[str, ...]
    more: tuple[str, ...] = ()


def group_findings(parts: Iterable[tuple[str, Sequence[FindingView]]]) -> tuple[FindingGroup, ...]:
    """Return the findings by severity, kind and hint, errors first.

    Parameters
    ----------
    parts
        What the findings are about (the path of a file, or nothing for the whole), and the findings.
    """
    found: dict[tuple[str, str, str], dict[str, None]] = {}
    for place, findings in parts:
        for finding in findings:
            key = (finding.severity, finding.code, finding.hint)
            found.setdefault(key, {})[_write_line(place, finding.message)] = None
    ordered = sorted(found.items(), key=lambda item: _SEVERITIES.index(item[0][0]))
    return tuple(_fold(severity, hint, tuple(lines)) for (severity, _, hint), lines in ordered)


def _write_line(place: str, message: str) -> str:
    is_named = not place or place in message
    return message if is_named else f"{place}: {message}"


def _fold(severity: str, hint: str, lines: tuple[str, ...]) -> FindingGroup:
    shown = lines if len(lines) <= _FIRST_LINES + 1 else lines[:_FIRST_LINES]
    return FindingGroup(severity, hint, shown, lines[len(shown) :])
