"""What is known of one published dataset, as every export needs it.

There is one internal record and many formats: a format never looks anything up, so no two can disagree.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Literal

from repository.schema.export.licenses import License
from repository.schema.export.making import Making, describe_dataset_kind, describe_kind_of_data
from repository.schema.export.vocabulary import (
    RELATION_TYPES,
    RESOURCE_TYPES,
    Access,
    clean_line,
    clean_paragraphs,
    find_word,
    is_global_identifier,
    read_identifier,
)

_ORCID = re.compile(r"(?:https?://orcid\.org/)?(\d{4}-\d{4}-\d{4}-\d{3}[\dX])")
_ROR = re.compile(r"(?:https?://ror\.org/)?(0[a-z0-9]{8})")
_FUNDER = re.compile(r"(?:https?://(?:dx\.)?doi\.org/|doi:)?(10\.13039/\d+)", re.IGNORECASE)


class CitationRecordError(ValueError):
    """The record lacks what no citation can do without, or an identifier is malformed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Creator:
    """A person or an organization; `orcid` and `ror` are accepted bare and kept as absolute URIs."""

    name: str
    given: str | None = None
    family: str | None = None
    orcid: str | None = None
    affiliation: str | None = None
    ror: str | None = None
    kind: Literal["person", "organization"] = "person"

    def __post_init__(self) -> None:
        _clean_lines(self, "name", "given", "family", "affiliation")
        if not self.name:
            raise CitationRecordError("a creator has no name that can be written")
        if self.orcid is not None:
            _set(self, "orcid", _absolute(_ORCID, self.orcid, "https://orcid.org/", "an ORCID"))
        if self.ror is not None:
            _set(self, "ror", _absolute(_ROR, self.ror, "https://ror.org/", "a ROR identifier"))

    @property
    def sort_name(self) -> str:
        """'Family, Given' for a person whose parts are known, else the name as it is."""
        if self.kind == "person" and self.family:
            return f"{self.family}, {self.given}" if self.given else self.family
        return self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRecord:
    path: str
    size: int
    sha256: str
    url: str
    media_type: str = "application/octet-stream"

    def __post_init__(self) -> None:
        _clean_lines(self, "path", "media_type")


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """One quantity of a measurement: `unit` is a UCUM string, `iri` a term for it where one exists.

    `basis` says how the value was found (measured, nominal, …), `source` who or what stated it (header, …).
    """

    name: str
    value: float | str | tuple[float, ...] | None = None
    minimum: float | None = None
    maximum: float | None = None
    unit: str | None = None
    source: str | None = None
    basis: str | None = None
    iri: str | None = None

    def __post_init__(self) -> None:
        _clean_lines(self, "name", "unit", "source", "basis")
        if isinstance(self.value, str):
            _clean_lines(self, "value")


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasurementRecord:
    id: str
    techniques: tuple[str, ...]
    title: str | None = None
    variables: tuple[Variable, ...] = ()
    acquired_at: str | None = None
    url: str | None = None
    making: Making = field(default_factory=Making)

    def __post_init__(self) -> None:
        _clean_lines(self, "title")


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    term: str
    uri: str | None = None
    scheme: str | None = None

    def __post_init__(self) -> None:
        _clean_lines(self, "term", "scheme")


@dataclass(frozen=True, slots=True, kw_only=True)
class RelatedIdentifier:
    """Something outside that the dataset points at; types and relations become DataCite's words.

    A relation that is not on DataCite's list is kept as `relation_note` of the relation "Other".
    """

    identifier: str
    relation: str
    identifier_type: str | None = None
    resource_type: str | None = None
    relation_note: str | None = None

    def __post_init__(self) -> None:
        _clean_lines(self, "identifier", "relation", "relation_note")
        identifier, kind = read_identifier(self.identifier, self.identifier_type)
        relation = find_word(self.relation, RELATION_TYPES)
        _set(self, "identifier", identifier)
        _set(self, "identifier_type", kind)
        _set(self, "resource_type", find_word(self.resource_type, RESOURCE_TYPES))
        if relation is None:
            _set(self, "relation_note", self.relation_note or self.relation)
        _set(self, "relation", relation or "Other")


@dataclass(frozen=True, slots=True, kw_only=True)
class Funding:
    """Who paid; `crossref_id` is the funder's DOI at Crossref, given where there is no ROR."""

    funder: str
    ror: str | None = None
    crossref_id: str | None = None
    award_number: str | None = None
    award_uri: str | None = None
    award_title: str | None = None

    def __post_init__(self) -> None:
        _clean_lines(self, "funder", "award_number", "award_title")
        if self.ror is not None:
            _set(self, "ror", _absolute(_ROR, self.ror, "https://ror.org/", "a ROR identifier"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument:
    name: str
    manufacturer: str | None = None
    model: str | None = None
    doi: str | None = None

    def __post_init__(self) -> None:
        _clean_lines(self, "name", "manufacturer", "model", "doi")


@dataclass(frozen=True, slots=True, kw_only=True)
class CitationRecord:
    """One version of a dataset, or with `version` None the concept that all its versions share.

    `doi` is None until one is reserved: no export ever carries a placeholder. `doi_resolver` is where the DOI
    answers; a local minter, whose DOIs the world does not know, gives its own address.
    """

    id: str
    title: str
    creators: tuple[Creator, ...]
    abstract: str
    license: License
    publisher: str
    published: date
    url: str
    version: int | None = 1
    doi: str | None = None
    concept_doi: str | None = None
    previous_version_doi: str | None = None
    next_version_doi: str | None = None
    doi_resolver: str = "https://doi.org/"
    modified: date | None = None
    withdrawn: date | None = None
    language: str = "en"
    keywords: tuple[str, ...] = ()
    subjects: tuple[Subject, ...] = ()
    related: tuple[RelatedIdentifier, ...] = ()
    funding: tuple[Funding, ...] = ()
    instruments: tuple[Instrument, ...] = ()
    files: tuple[FileRecord, ...] = ()
    measurements: tuple[MeasurementRecord, ...] = ()
    access: Access = "open"
    embargo_until: date | None = None
    catalog_name: str = "Stemma"
    catalog_url: str | None = None
    schema_iri: str | None = None
    size: int = field(init=False)
    """Bytes of all files together."""

    def __post_init__(self) -> None:
        _clean_lines(self, "title", "publisher", "catalog_name")
        _set(self, "abstract", clean_paragraphs(self.abstract))
        _set(self, "keywords", tuple(word for word in map(clean_line, self.keywords) if word))
        _set(self, "size", sum(file.size for file in self.files))
        if not self.title:
            raise CitationRecordError("the title has no character that can be written")
        if not self.publisher:
            raise CitationRecordError("the publisher has no name")
        if not self.creators:
            raise CitationRecordError("a citation needs at least one creator")
        if self.access == "embargoed" and self.embargo_until is None:
            raise CitationRecordError("an embargo needs the date on which it ends")

    @property
    def publication_year(self) -> int:
        """The year in which the data become public: DataCite asks for the end of an embargo."""
        return self.available.year

    @property
    def available(self) -> date:
        """The day from which the data can be had."""
        return max(self.published, self.embargo_until or self.published)

    @property
    def doi_url(self) -> str | None:
        return None if self.doi is None else self.doi_resolver + self.doi

    @property
    def address(self) -> str:
        """What a citation points at: the DOI's address, or the page while there is no DOI."""
        return self.doi_url or self.url

    @property
    def collected(self) -> tuple[date, date] | None:
        """First and last day of acquisition, as far as the measurements say; nothing else collects data."""
        return self._span(is_acquired=True)

    @property
    def created(self) -> tuple[date, date] | None:
        """First and last day on which data were simulated or computed."""
        return self._span(is_acquired=False)

    def _span(self, *, is_acquired: bool) -> tuple[date, date] | None:
        days = sorted(
            _days(
                measurement.acquired_at
                for measurement in self.measurements
                if (measurement.making.activity == "acquisition") is is_acquired
            )
        )
        return (days[0], days[-1]) if days else None

    @property
    def resource_type(self) -> str:
        """What kind of data these are, in words."""
        return describe_kind_of_data(self.makings)

    @property
    def dataset_kind(self) -> str:
        """What stands for the kind in a citation."""
        return describe_dataset_kind(self.makings)

    @property
    def makings(self) -> tuple[Making, ...]:
        """How the numbers of each measurement came to be."""
        return tuple(measurement.making for measurement in self.measurements)

    def all_related(self) -> tuple[RelatedIdentifier, ...]:
        """Everything pointed at: versions and instruments, then what the depositor named."""
        own = [
            RelatedIdentifier(identifier=doi, relation=relation, resource_type=resource_type)
            for doi, relation, resource_type in (
                (self.concept_doi, "IsVersionOf", "Dataset"),
                (self.previous_version_doi, "IsNewVersionOf", "Dataset"),
                (self.next_version_doi, "IsPreviousVersionOf", "Dataset"),
                *((instrument.doi, "IsCollectedBy", "Instrument") for instrument in self.instruments),
            )
            if doi
        ]
        return tuple(dict.fromkeys((*own, *self._sources(), *self.related)))

    def _sources(self) -> Iterable["RelatedIdentifier"]:
        """Yield what data were made from, where it has an identifier of its own."""
        for making in self.makings:
            if making.activity == "acquisition":
                continue
            for name in making.inputs:
                if is_global_identifier(name):
                    yield RelatedIdentifier(identifier=name, relation="IsDerivedFrom")

    def as_concept(self, version_dois: Sequence[str]) -> "CitationRecord":
        """Return the record of the concept DOI, which lists the DOI of every version."""
        if self.concept_doi is None:
            raise CitationRecordError(f"dataset {self.id} has no concept DOI")
        versions = tuple(
            RelatedIdentifier(identifier=doi, relation="HasVersion", resource_type="Dataset")
            for doi in version_dois
        )
        return replace(
            self,
            doi=self.concept_doi,
            concept_doi=None,
            previous_version_doi=None,
            next_version_doi=None,
            version=None,
            related=(*versions, *self.related),
        )


def _set(record: object, name: str, value: Any) -> None:
    object.__setattr__(record, name, value)


def _clean_lines(record: object, *names: str) -> None:
    for name in names:
        value = getattr(record, name)
        if value is not None:
            _set(record, name, clean_line(value))


def find_ror(text: str | None) -> str | None:
    """Return a ROR identifier as an absolute URI; None for anything else that was typed there."""
    match = _ROR.fullmatch((text or "").strip().lower().rstrip("/"))
    return match and f"https://ror.org/{match[1]}"


def find_funder_id(text: str | None) -> str | None:
    """Return a funder's identifier at Crossref as an absolute URI; None for anything else."""
    match = _FUNDER.fullmatch((text or "").strip())
    return match and f"https://doi.org/{match[1]}"


def _absolute(pattern: re.Pattern[str], text: str, prefix: str, what: str) -> str:
    match = pattern.fullmatch(text.strip())
    if match is None:
        raise CitationRecordError(f"{text!r} is not {what}")
    return prefix + match[1]


def _days(times: Iterable[str | None]) -> list[date]:
    days = []
    for time in times:
        match = re.match(r"\d{4}-\d{2}-\d{2}", time or "")
        if match:
            days.append(date.fromisoformat(match[0]))
    return days
