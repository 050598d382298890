"""Who makes a DOI known to the world.

A registrar is told everything each time: every call may be repeated, so a task that was killed is run again.
"""

import json
import os
import re
import uuid
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal, Protocol, runtime_checkable
from urllib.parse import quote

LOCAL_PREFIX = "10.5072"
"""The prefix that DataCite retired from its own test system: it can never name anybody's data."""

DoiState = Literal["reserved", "registered", "findable"]

_DOI = re.compile(r"10\.\d{4,9}/[-._;()/:a-z0-9]+")


class RegistrarError(Exception):
    """Base of everything a registrar refuses."""


class DoiRefusedError(RegistrarError):
    """The DOI or its metadata are not acceptable; trying again changes nothing."""


class RegistrarUnavailableError(RegistrarError):
    """The registrar could not be reached or failed; trying again later may help."""


@dataclass(frozen=True, slots=True)
class RegisteredDoi:
    """What the registrar holds; metadata of a registered DOI are hidden, of a findable one public."""

    doi: str
    state: DoiState
    url: str | None = None


@runtime_checkable
class DoiRegistrar(Protocol):
    @property
    def prefix(self) -> str: ...

    @property
    def resolver(self) -> str:
        """The address before the DOI at which it answers."""
        ...

    def reserve(self, doi: str) -> RegisteredDoi:
        """Keep the DOI for us, unknown to the world; one that is known already is left as it is."""
        ...

    def make_findable(self, doi: str, *, url: str, metadata_xml: bytes) -> RegisteredDoi:
        """Make the DOI findable, or bring a findable one up to date."""
        ...

    def hide(self, doi: str) -> RegisteredDoi:
        """Take the DOI out of search; its address keeps answering, and it can never be deleted."""
        ...

    def find(self, doi: str) -> RegisteredDoi | None: ...


class LocalRegistrar:
    """Mints under 10.5072 and never transmits: it writes down what a registrar would have been told.

    One JSON file and one XML file for each DOI in `folder`, so that an operator can see and compare them.
    """

    prefix = LOCAL_PREFIX

    def __init__(self, folder: Path, *, resolver: str) -> None:
        self.folder = folder
        self.resolver = resolver

    def reserve(self, doi: str) -> RegisteredDoi:
        known = self.find(doi)
        return known or self._record(RegisteredDoi(doi, "reserved"))

    def make_findable(self, doi: str, *, url: str, metadata_xml: bytes) -> RegisteredDoi:
        if not metadata_xml:
            raise DoiRefusedError(f"{doi} cannot become findable without metadata")
        self._write(self._path(doi, ".xml"), metadata_xml)
        return self._record(RegisteredDoi(doi, "findable", url))

    def hide(self, doi: str) -> RegisteredDoi:
        known = self.find(doi)
        if known is None or known.state == "reserved":
            raise DoiRefusedError(f"{doi} was never published: there is nothing to hide")
        return self._record(RegisteredDoi(doi, "registered", known.url))

    def find(self, doi: str) -> RegisteredDoi | None:
        path = self._path(doi, ".json")
        if not path.exists():
            return None
        return RegisteredDoi(**json.loads(path.read_text(encoding="utf-8")))

    def _record(self, entry: RegisteredDoi) -> RegisteredDoi:
        self._write(self._path(entry.doi, ".json"), json.dumps(asdict(entry), indent=2).encode())
        return entry

    def _path(self, doi: str, suffix: str) -> Path:
        if not _DOI.fullmatch(doi) or not doi.startswith(f"{self.prefix}/"):
            raise DoiRefusedError(f"{doi!r} is not a lower-case DOI under {self.prefix}")
        return self.folder / (quote(doi, safe="") + suffix)

    def _write(self, path: Path, content: bytes) -> None:
        """Replace the file in one step: a reader sees the old entry or the new one."""
        self.folder.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f"{path.name}.{uuid.uuid4().hex}")
        with draft.open("xb") as sink:
            sink.write(content)
            sink.flush()
            os.fsync(sink.fileno())
        draft.replace(path)
