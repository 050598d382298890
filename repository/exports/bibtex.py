"""BibTeX, in UTF-8, with the characters escaped that TeX would act upon."""

import re

from repository.exports.declaration import DatasetExport
from repository.schema.export.record import CitationRecord, Creator

_AND = re.compile(r"(?i)(?:^|[\s,])and(?:[\s,]|$)")
_ESCAPES = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "{": r"\{",
        "}": r"\}",
        "$": r"\$",
        "&": r"\&",
        "#": r"\#",
        "%": r"\%",
        "_": r"\_",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
    }
)


def build_bibtex(record: CitationRecord) -> str:
    """Return one ``@misc`` entry: the type that every BibTeX style knows."""
    version = "" if record.version is None else f"-v{record.version}"
    fields = {
        "author": " and ".join(_author(creator) for creator in record.creators),
        # The inner braces keep a style from changing the case of MoS2 or HAADF.
        "title": f"{{{_escape(record.title)}}}",
        "publisher": _escape(record.publisher),
        "year": str(record.publication_year),
        "version": "" if record.version is None else str(record.version),
        "howpublished": record.dataset_kind.capitalize(),
        "note": f"License: {record.license.id}",
        # Addresses stand as they are: styles set them verbatim.
        "doi": record.doi or "",
        "url": record.address,
    }
    lines = [f"  {name} = {{{value}}}," for name, value in fields.items() if value]
    return "\n".join([f"@misc{{stemma-{record.id}{version},", *lines, "}"]) + "\n"


def _author(creator: Creator) -> str:
    if creator.kind == "person" and creator.family and not _AND.search(creator.sort_name):
        return _escape(creator.sort_name)
    # Braces make one name of it, also where it holds a comma or the word "and".
    return f"{{{_escape(creator.name)}}}"


def _escape(text: str) -> str:
    return text.translate(_ESCAPES)


EXPORT = DatasetExport(
    module=__name__,
    ending="bib",
    label="BibTeX",
    media_type="application/x-bibtex",
    aliases=("text/x-bibtex",),
    description="An entry for a list of references, in UTF-8.",
    specification="https://ctan.org/pkg/bibtex",
    rank=40,
    write=build_bibtex,
    is_citation=True,
)
