"""The IRIs of fields, techniques and schema files."""

from repository.schema.questions.fields import Field
from repository.schema.versions.in_force import VERSION_IN_FORCE

NAMESPACE = "https://w3id.org/stemma/terms#"
"""Terms for which no published vocabulary has a word."""

SCHEMA = f"https://w3id.org/stemma/schemas/stem/{VERSION_IN_FORCE}"
"""Identity of the schema files in force; the server hands them out under /api/v1/schemas/stem/."""

EM_GLOSSARY = "https://purls.helmholtz-metadaten.de/emg/"
QUDT_UNIT = "http://qudt.org/vocab/unit/"


def get_field_iri(field: Field) -> str:
    """Return the IRI that stands for a field in linked data: the EM Glossary's, else ours."""
    term = field.iri.get("emg")
    return f"{EM_GLOSSARY}{term}" if term else f"{NAMESPACE}{field.path.replace('[]', '')}"


def list_field_iris(field: Field) -> dict[str, str]:
    """Return the published terms and paths that mean the same as a field, by vocabulary."""
    spelled = dict(field.iri)
    if "emg" in spelled:
        spelled["emg"] = f"{EM_GLOSSARY}{spelled['emg']}"
    if "qudt" in spelled:
        spelled["qudt"] = f"{QUDT_UNIT}{spelled['qudt']}"
    return spelled
