"""The citation as one line of text."""

from repository.schema.export.record import CitationRecord

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
