"""Published documents against the schema under which each was published."""

from collections.abc import Iterator
from dataclasses import dataclass

from repository.models import DatasetVersion
from repository.schema.checks.conformance import list_deviations


@dataclass(frozen=True, slots=True)
class DeviatingDocument:
    """A document that is not as its version of the schema says; `measurement` is empty for the description."""

    dataset: str
    number: int
    measurement: str
    schema_version: str
    pointer: str
    message: str


def list_deviating_documents() -> Iterator[DeviatingDocument]:
    """Yield every deviation in what is published, withdrawn versions included."""
    for version in DatasetVersion.objects.order_by("dataset_id", "number").iterator():
        documents = [("", version.schema_version, version.document)]
        documents += [
            (entry["id"], str(entry.get("schema_version", version.schema_version)), entry["metadata"])
            for entry in version.content.get("measurements", [])
        ]
        for measurement, since, document in documents:
            kind = "measurement" if measurement else "dataset"
            for deviation in list_deviations(document, version=since, kind=kind):  # type: ignore[arg-type]  # two words
                yield DeviatingDocument(
                    version.dataset_id,
                    version.number,
                    measurement,
                    since,
                    deviation.pointer,
                    deviation.message,
                )
