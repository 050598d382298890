"""Citable descriptions of a published dataset, all written from one :class:`CitationRecord`."""

from repository.schema.export.bibtex import build_bibtex
from repository.schema.export.citation import build_citation
from repository.schema.export.datacite_json import MissingDoiError, build_datacite_json
from repository.schema.export.datacite_xml import (
    InvalidDataCiteError,
    build_datacite_xml,
    validate_datacite_xml,
)
from repository.schema.export.licenses import LICENSES, License, UnknownLicenseError, get_license
from repository.schema.export.meta_tags import build_meta_tags
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
from repository.schema.export.schema_org import build_schema_org_jsonld, render_script_json

__all__ = [
    "LICENSES",
    "CitationRecord",
    "CitationRecordError",
    "Creator",
    "FileRecord",
    "Funding",
    "Instrument",
    "InvalidDataCiteError",
    "License",
    "MeasurementRecord",
    "MissingDoiError",
    "RelatedIdentifier",
    "Subject",
    "UnknownLicenseError",
    "Variable",
    "build_bibtex",
    "build_citation",
    "build_datacite_json",
    "build_datacite_xml",
    "build_meta_tags",
    "build_schema_org_jsonld",
    "get_license",
    "render_script_json",
    "validate_datacite_xml",
]
