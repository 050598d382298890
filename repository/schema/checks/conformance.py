"""Whether a document is what the schema files of its own version say, as any other JSON Schema validator judges it."""

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from repository.schema.places import escape_pointer
from repository.schema.questions.fields import DocumentName
from repository.schema.versions.files import read_all


@dataclass(frozen=True, slots=True)
class Deviation:
    """Where a document is not as its schema says, and why."""

    pointer: str
    message: str


def list_deviations(
    document: Mapping[str, Any], *, version: str, kind: DocumentName = "measurement"
) -> list[Deviation]:
    """Return what a plain validator says of a normalized document under a version; nothing where it conforms.

    Raises
    ------
    KeyError
        There is no such version.
    """
    errors = _get_validator(version, "record.json" if kind == "measurement" else "dataset.json").iter_errors(
        document
    )
    return [
        Deviation(
            "".join(f"/{escape_pointer(str(part))}" for part in error.absolute_path), error.message[:300]
        )
        for error in errors
    ]


@functools.cache
def _get_validator(version: str, name: str) -> Draft202012Validator:
    files = read_all(version)
    resources = [
        (file["$id"], Resource.from_contents(file, default_specification=DRAFT202012))
        for file in files.values()
        if "$id" in file
    ]
    registry: Registry[Any] = Registry().with_resources(resources)
    return Draft202012Validator(files[name], registry=registry)
