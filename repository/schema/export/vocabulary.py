"""Words of others: access as repositories share it, DataCite's closed lists, and text that every format can carry."""

import re
from dataclasses import dataclass
from typing import Literal

Access = Literal["open", "embargoed", "restricted"]


@dataclass(frozen=True, slots=True)
class AccessTerm:
    label: str
    iri: str


ACCESS_TERMS: dict[Access, AccessTerm] = {
    "open": AccessTerm("Open Access", "info:eu-repo/semantics/openAccess"),
    "embargoed": AccessTerm("Embargoed Access", "info:eu-repo/semantics/embargoedAccess"),
    "restricted": AccessTerm("Restricted Access", "info:eu-repo/semantics/restrictedAccess"),
}


RELATION_TYPES = (
    "IsCitedBy", "Cites", "IsSupplementTo", "IsSupplementedBy", "IsContinuedBy", "Continues",
    "IsNewVersionOf", "IsPreviousVersionOf", "IsPartOf", "HasPart", "IsPublishedIn", "IsReferencedBy",
    "References",
    "IsDocumentedBy", "Documents", "IsCompiledBy", "Compiles", "IsVariantFormOf", "IsOriginalFormOf",
    "IsIdenticalTo", "HasMetadata", "IsMetadataFor", "Reviews", "IsReviewedBy", "IsDerivedFrom", "IsSourceOf",
    "Describes", "IsDescribedBy", "HasVersion", "IsVersionOf", "Requires", "IsRequiredBy", "Obsoletes",
    "IsObsoletedBy", "Collects", "IsCollectedBy", "HasTranslation", "IsTranslationOf", "Other",
)  # fmt: skip
IDENTIFIER_TYPES = (
    "ARK", "arXiv", "bibcode", "CSTR", "DOI", "EAN13", "EISSN", "Handle", "IGSN", "ISBN", "ISSN", "ISTC",
    "LISSN", "LSID", "PMID", "PURL", "RAiD", "RRID", "SWHID", "UPC", "URL", "URN", "w3id",
)  # fmt: skip
RESOURCE_TYPES = (
    "Audiovisual", "Award", "Book", "BookChapter", "Collection", "ComputationalNotebook", "ConferencePaper",
    "ConferenceProceeding", "DataPaper", "Dataset", "Dissertation", "Event", "Image", "Instrument",
    "InteractiveResource", "Journal", "JournalArticle", "Model", "OutputManagementPlan", "PeerReview",
    "PhysicalObject", "Poster", "Preprint", "Presentation", "Project", "Report", "Service", "Software",
    "Sound", "Standard", "StudyRegistration", "Text", "Workflow", "Other",
)  # fmt: skip

_GLOBAL = re.compile(r"(?:doi:)?10\.\d{4,9}/\S+|https?://\S+", re.IGNORECASE)
_DOI_ADDRESSES = ("https://doi.org/", "http://doi.org/", "https://dx.doi.org/", "http://dx.doi.org/", "doi:")


def find_word(text: str | None, words: tuple[str, ...]) -> str | None:
    """Return the word of the list that `text` means, whatever its case, spaces, hyphens or underscores."""
    wanted = _fold(text or "")
    return next((word for word in words if _fold(word) == wanted), None)


def read_identifier(identifier: str, identifier_type: str | None) -> tuple[str, str]:
    """Return an identifier and its type; a DOI loses its address, an unknown type is read from the text."""
    doi = next(
        (identifier[len(start) :] for start in _DOI_ADDRESSES if identifier.lower().startswith(start)), ""
    )
    if doi or identifier.startswith("10."):
        return doi or identifier, "DOI"
    kind = find_word(identifier_type, IDENTIFIER_TYPES)
    if "://" in identifier and kind in {None, "DOI"}:
        return identifier, "URL"
    return identifier, kind or "URN"


def is_global_identifier(text: str) -> bool:
    """Return whether a text is a DOI or an address, alone: words and paths of a deposit are neither."""
    return _GLOBAL.fullmatch(text) is not None


def _fold(text: str) -> str:
    return text.replace(" ", "").replace("_", "").replace("-", "").casefold()


# XML 1.0 has no way to write most control characters, lone surrogates or the two noncharacters that end the basic
# plane. They are taken out once, when a record is built, so that no two exports of it can differ.
_NOT_IN_XML = re.compile("[^\\t\\n\\r\\u0020-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]")


def clean_line(text: str) -> str:
    """Return `text` on one line: unwritable characters gone, each run of white space one space."""
    return " ".join(_NOT_IN_XML.sub("", text).split())


def clean_paragraphs(text: str) -> str:
    """Return `text` with line feeds as line breaks, unwritable characters gone, no space at either end."""
    return _NOT_IN_XML.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).strip()
