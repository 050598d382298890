"""How data stand to a paper, other data or code: DataCite's relation types behind the words that people use."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Relation:
    """A relation type, and what stands between "this data" and the thing."""

    relation: str
    words: str
    means: str


RELATIONS = (
    Relation(
        "IsSupplementTo", "supplements", "The paper rests on this data: the usual answer for a paper's data."
    ),
    Relation("IsDescribedBy", "is described by", "A data paper or report whose subject is this data."),
    Relation("IsReferencedBy", "is referred to by", "It names this data without resting on it."),
    Relation("IsDerivedFrom", "is derived from", "It was computed from other data."),
    Relation("IsSourceOf", "is the source of", "Other data were computed from this."),
    Relation("IsContinuedBy", "is continued by", "A later part of the same series."),
    Relation("Continues", "continues", "An earlier part of the same series."),
    Relation("IsPartOf", "is part of", "A larger collection holds it."),
    Relation("IsCompiledBy", "was made with", "The program that made it."),
    Relation("References", "refers to", "Something that is of use beside it, such as code or a standard."),
    Relation("IsVariantFormOf", "is another form of", "The same data, prepared otherwise."),
    Relation("IsIdenticalTo", "is also at", "The same data in another archive."),
)
"""The first is what is offered; every other type of DataCite's list may stand in a document as well."""


def find_relation(word: str) -> Relation | None:
    """Return a relation by DataCite's word, or by ours."""
    wanted = word.strip().casefold()
    return next((one for one in RELATIONS if wanted in {one.relation.casefold(), one.words}), None)
