"""Which files belong to one measurement: what the formats' own rules work on."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from ingest.readers.companions import base_of, folder_of
from ingest.readers.contract import FormatMatch, MeasurementFiles
from repository.schema.findings import Finding


@dataclass(slots=True)
class CompanionPlan:
    """Grouping in the making.

    Attributes
    ----------
    format
        Id of the format whose rule is at work.
    matches
        What each file is, by its relative upload path.
    sizes
        Bytes of each file.
    listing
        Paths of the deposit that are not in `matches`: not stored yet, or not recognized.
    """

    matches: Mapping[str, FormatMatch]
    sizes: Mapping[str, int]
    listing: Collection[str]
    format: str = ""
    taken: set[str] = field(default_factory=set)
    measurements: list[MeasurementFiles] = field(default_factory=list)
    findings: dict[str, list[Finding]] = field(default_factory=dict)

    def add(self, primary: str, companions: tuple[str, ...] = ()) -> None:
        """Make a measurement of these files."""
        self.taken.update((primary, *companions))
        self.measurements.append(MeasurementFiles(primary, self.format, companions))

    def note(self, path: str, finding: Finding) -> None:
        """Keep a finding about a file."""
        self.findings.setdefault(path, []).append(finding)

    def having(self, role: str) -> list[str]:
        """Return the paths of this format's files with a role."""
        return [
            path for path, match in self.matches.items() if match.format == self.format and match.role == role
        ]

    def note_missing(self, path: str, wanted: str, what: str, *, is_needed: bool = True) -> None:
        """Say that a companion is not there; an error where the file cannot be read without it."""
        folder = folder_of(path)
        listed = (f"{folder}/{wanted}" if folder else wanted) in self.listing
        state = (
            "is in the deposit but could not be recognized"
            if listed
            else "was not uploaded into the same folder"
        )
        self.note(
            path,
            Finding(
                "error" if is_needed else "warning",
                "companion_missing",
                f"{base_of(path)} needs {wanted} ({what}), which {state}.",
                hint=f"Upload {wanted} beside it."
                if is_needed
                else f"Readers do without what it says. Upload {wanted} beside it, or acknowledge this.",
                layer="reading",
            ),
        )
