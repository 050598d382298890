"""The techniques as terms: titles and IRIs stand in the field catalogue."""

from repository.schema.questions.fields import Term, load_catalogue


def find_technique_term(technique: str) -> Term:
    """Return the catalogue's term for a technique; one that is not listed is its own title."""
    for term in load_catalogue().vocabularies["technique"]:
        if term.value == technique:
            return term
    return Term(value=technique, title=technique.replace("_", " "))
