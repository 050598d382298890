"""One result of validation or of a consistency check, as every layer speaks of it."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, ClassVar, Literal, Protocol, TypeVar

Severity = Literal["error", "warning", "info"]
Layer = Literal["file", "reading", "structure", "quantity", "cross_field", "consistency"]
SEVERITIES = ("error", "warning", "info")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a finding was made: a file, or a measurement by its primary file; and what was said there."""

    path: str
    measurement: str | None
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found, where, and what the depositor can do about it.

    Attributes
    ----------
    severity
        An `error` blocks publishing, a `warning` is acknowledged, an `info` is only shown.
    code
        Stable, lower case with underscores; programs and acknowledgements refer to it.
    message
        What and where, in one sentence for a microscopist.
    pointer
        JSON pointer into the metadata document, or empty when the finding concerns a whole file.
    hint
        Why it matters and what to do.
    layer
        Which kind of check spoke; the layers are reported apart.
    where
        Of one cause in several files or measurements: each of them. Empty for a finding about one thing.
    why
        What it rests on, such as the keys of a vendor's header: for whoever asks, and folded away on pages.
    """

    severity: Severity
    code: str
    message: str
    pointer: str = ""
    hint: str = ""
    layer: Layer = "structure"
    where: tuple[Place, ...] = ()
    why: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return the form that the API and the command line show."""
        described: dict[str, Any] = {
            "severity": self.severity,
            "code": self.code,
            "pointer": self.pointer,
            "message": self.message,
            "hint": self.hint,
            "layer": self.layer,
        }
        if self.why:
            described["why"] = self.why
        return described | {"where": [asdict(place) for place in self.where]} if self.where else described


class Groupable(Protocol):
    """A finding in any of its forms."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def severity(self) -> str: ...
    @property
    def code(self) -> str: ...
    @property
    def pointer(self) -> str: ...
    @property
    def message(self) -> str: ...
    @property
    def hint(self) -> str: ...


AnyFinding = TypeVar("AnyFinding", bound=Groupable)


def group_findings(found: Iterable[tuple[str, str | None, AnyFinding]]) -> list[AnyFinding]:
    """Return each cause once, errors first, with the places it was found in.

    One cause is one severity, code and pointer, whatever the number of files and measurements.

    Parameters
    ----------
    found
        Path and measurement that a finding is about, and the finding. One about the whole deposit has neither; it
        stands as it is.
    """
    whole: list[AnyFinding] = []
    causes: dict[tuple[str, str, str], list[tuple[Place, AnyFinding]]] = {}
    for path, measurement, finding in found:
        if not path and measurement is None:
            whole.append(finding)
            continue
        place = Place(path, measurement, finding.message, finding.hint)
        causes.setdefault((finding.severity, finding.code, finding.pointer), []).append((place, finding))
    grouped = [*whole, *(_join(members) for members in causes.values())]
    return sorted(grouped, key=lambda finding: SEVERITIES.index(finding.severity))


def _join(members: Sequence[tuple[Place, AnyFinding]]) -> AnyFinding:
    ordered = sorted(members, key=lambda member: (member[0].path, member[0].measurement or ""))
    places = tuple(place for place, _ in ordered)
    first = ordered[0][1]
    if len({place.message for place in places}) == 1:
        return replace(first, where=places)
    count = len(places) - 1
    return replace(first, where=places, message=f"{first.message} The same in {count} more.")
