"""The citation as one line of text, and as the `<meta>` elements of a landing page.

Those are Dublin Core, and the tags that reference managers read.
"""

from repository.schema.export.making import list_making_terms
from repository.schema.export.record import CitationRecord
from repository.schema.export.vocabulary import ACCESS_TERMS

_NAMED_AUTHORS = 20


def build_citation(record: CitationRecord) -> str:
    """Return 'Creators (year): Title (version n). Publisher. Address', the form that DataCite recommends."""
    names = [creator.sort_name for creator in record.creators]
    if len(names) > _NAMED_AUTHORS:
        names = [*names[:_NAMED_AUTHORS], "et al."]
    version = "" if record.version is None else f" (version {record.version})"
    return (
        f"{'; '.join(names)} ({record.publication_year}): {record.title}{version}. "
        f"{record.publisher} [{record.dataset_kind}]. {record.address}"
    )


def build_meta_tags(record: CitationRecord) -> list[tuple[str, str]]:
    """Return (name, content) pairs, unescaped: the template escapes them."""
    day = record.published.isoformat()
    tags = [("citation_title", record.title), ("DC.title", record.title)]
    for creator in record.creators:
        tags += [("citation_author", creator.sort_name), ("DC.creator", creator.sort_name)]
        if creator.orcid:
            tags.append(("citation_author_orcid", creator.orcid))
    tags += [
        ("citation_publication_date", day.replace("-", "/")),
        ("citation_publisher", record.publisher),
        ("citation_language", record.language),
        ("citation_abstract_html_url", record.url),
        ("DC.identifier", record.address),
        ("DC.publisher", record.publisher),
        ("DC.date", day),
        ("DC.type", "Dataset"),
        ("DC.type", record.resource_type),
        ("DC.language", record.language),
        ("DC.rights", record.license.url),
        ("DC.accessRights", ACCESS_TERMS[record.access].iri),
    ]
    if record.doi is not None:
        tags.append(("citation_doi", record.doi))
    if record.abstract:
        tags.append(("DC.description", record.abstract))
    tags += [("DC.subject", term.title) for term in list_making_terms(record.makings)]
    tags += [("citation_keywords", word) for word in record.keywords]
    return tags
