"""Citable descriptions of a published dataset, all written from one :class:`CitationRecord`."""

from repository.schema.export.citation import build_citation, build_meta_tags
from repository.schema.export.licenses import LICENSES, License, UnknownLicenseError, get_license
from repository.schema.export.record import (
    CitationRecord,
    CitationRecordError,
    Creator,
    FileRecord,
    Funding,
    Instrument,
    MeasurementRecord,
    RelatedIdentifier,
    Subject,
    Variable,
)

__all__ = [
    "LICENSES",
    "CitationRecord",
    "CitationRecordError",
    "Creator",
    "FileRecord",
    "Funding",
    "Instrument",
    "License",
    "MeasurementRecord",
    "RelatedIdentifier",
    "Subject",
    "UnknownLicenseError",
    "Variable",
    "build_citation",
    "build_meta_tags",
    "get_license",
]
