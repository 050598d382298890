"""Findings as people read them: one cause in forty files is read once, with the places it was found in."""

from collections.abc import Collection, Iterable, Sequence
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
    whys
        What it rests on, such as the keys of a header; folded away.
    is_accepted
        Of a warning: that somebody has acknowledged it.
    """

    severity: str
    hint: str
    lines: tuple[str, ...]
    more: tuple[str, ...] = ()
    code: str = ""
    whys: tuple[str, ...] = ()
    is_accepted: bool = False

    @property
    def count(self) -> int:
        """Return in how many places it was found."""
        return len(self.lines) + len(self.more)

    @property
    def all_lines(self) -> tuple[str, ...]:
        """Return what was found in every place."""
        return (*self.lines, *self.more)


def group_findings(
    parts: Iterable[tuple[str, Sequence[FindingView]]], *, accepted: Collection[str] = ()
) -> tuple[FindingGroup, ...]:
    """Return the findings by severity and kind, errors first; errors that ask for different things stand apart.

    Parameters
    ----------
    parts
        What the findings are about (the path of a file, or nothing for the whole), and the findings.
    accepted
        Codes of the warnings that somebody has acknowledged.
    """
    found: dict[tuple[str, str, str], list[tuple[str, FindingView]]] = {}
    for place, findings in parts:
        for finding in findings:
            asks = finding.hint if finding.severity == "error" else ""
            found.setdefault((finding.severity, finding.code, asks), []).append((place, finding))
    ordered = sorted(found.items(), key=lambda item: _SEVERITIES.index(item[0][0]))
    return tuple(
        _fold(severity, code, members, is_accepted=code in accepted)
        for (severity, code, _), members in ordered
    )


def _fold(
    severity: str, code: str, members: Sequence[tuple[str, FindingView]], *, is_accepted: bool
) -> FindingGroup:
    """Return a group; what is asked is said once, and beside each place only where it differs."""
    hints = dict.fromkeys(finding.hint for _, finding in members)
    hint = next(iter(hints))
    lines = tuple(
        dict.fromkeys(
            _write_line(place, finding.message) + (f" {finding.hint}" if finding.hint != hint else "")
            for place, finding in members
        )
    )
    shown = lines if len(lines) <= _FIRST_LINES + 1 else lines[:_FIRST_LINES]
    return FindingGroup(
        severity=severity,
        hint=hint,
        lines=shown,
        more=lines[len(shown) :],
        code=code,
        whys=tuple(dict.fromkeys(_write_line(place, one.why) for place, one in members if one.why)),
        is_accepted=is_accepted,
    )


def _write_line(place: str, message: str) -> str:
    is_named = not place or place in message
    return message if is_named else f"{place}: {message}"
