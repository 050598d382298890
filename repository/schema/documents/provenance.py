"""What stands behind a result: the bytes that went in, and the program that made it, with its libraries."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, Self

SOFTWARE = "software"
"""Under this name it stands among what is stored of a product (`parameters`) and of an array (`statistics`)."""


@dataclass(frozen=True, slots=True)
class Input:
    """Bytes that went in.

    Attributes
    ----------
    kind
        `file`: as it was uploaded; `array_object`: an object of a converted array of the same measurement.
    path
        Of a file; None of an object.
    """

    kind: Literal["file", "array_object"]
    sha256: str
    path: str | None = None


@dataclass(frozen=True, slots=True)
class Software:
    """The program of ours that made something.

    Attributes
    ----------
    program
        Its name and the version of what it writes: `convert 2`.
    package, version, commit
        The distribution, its version, and the commit of its source. What was not written down is empty: products from
        before December 2026 say their program only, and an installation without its history knows no commit.
    libraries
        Versions of what computes, by distribution.
    """

    program: str
    package: str = ""
    version: str = ""
    commit: str = ""
    python: str = ""
    libraries: Mapping[str, str] = field(default_factory=dict)

    @property
    def code_version(self) -> str:
        """Package, version and the beginning of the commit, in one word or two."""
        commit = f"+{self.commit[:12]}" if self.commit else ""
        return f"{self.package} {self.version}{commit}" if self.package else self.program

    def as_dict(self) -> dict[str, Any]:
        """Return what is stored."""
        return asdict(self)

    @classmethod
    def read(cls, stored: object, *, program: str) -> Self:
        """Return what was stored; of what is older than this, the program that it names."""
        if not isinstance(stored, Mapping):
            return cls(program)
        return cls(**{**stored, "libraries": dict(stored.get("libraries") or {})})
