"""DataCite's closed lists that depositors write into, and what becomes of other words."""

import re

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
