"""Published documents against the schema under which each was published."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from repository.models import DatasetVersion
from repository.models.revision import Description
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


def _list_documents(version: DatasetVersion) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Yield every document that the version says, as it was published and in each revision."""
    published = Description(version, None, 0)
    yield "", version.schema_version, version.document
    for measurement, wording in published.wordings.items():
        yield measurement, wording.schema_version, wording.metadata
    for revision in version.revisions.all():
        yield "", revision.schema_version, revision.document
        for measurement, entry in revision.measurements.items():
            yield measurement, revision.schema_version, entry["metadata"]


def list_deviating_documents() -> Iterator[DeviatingDocument]:
    """Yield every deviation in what is published, withdrawn versions included."""
    versions = DatasetVersion.objects.prefetch_related("revisions").order_by("dataset_id", "number")
    for version in versions.iterator(chunk_size=100):
        for measurement, since, document in _list_documents(version):
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
