"""Moving what a confined program made into the object store; digests are computed here, not believed."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from repository.errors import TransientError
from repository.services.measurements import StoredArrayObject, StoredProduct
from repository.services.stored_objects import adopt_object

DESCRIBED = ("shape", "dtype", "axes", "unit", "kind", "cover")


def store_array(
    kind: str, folder: str, described: Mapping[str, Any] | None, files: Mapping[str, Path]
) -> Iterable[StoredArrayObject]:
    """Store the objects of an array and yield them."""
    for item in (described or {}).get("objects", ()):
        sha256, size = _adopt(files, f"{folder}/{item['path']}", item["sha256"])
        yield StoredArrayObject(kind=kind, key=item["path"], size=size, sha256=sha256)


def store_products(
    entry: Mapping[str, Any], files: Mapping[str, Path], *, code_version: str, inputs: tuple[str, ...]
) -> tuple[StoredProduct, ...]:
    """Store the reductions and previews of one signal, with their provenance."""
    name = entry["name"]
    stored: list[StoredProduct] = []
    for kind, part, media_type in (
        ("array", "reductions", "application/x-npy"),
        ("preview", "previews", "image/png"),
    ):
        for item in entry.get(part, ()):
            sha256, size = _adopt(files, f"{name}/{part}/{item['file']}", item["sha256"])
            described = {key: item[key] for key in DESCRIBED if item.get(key) is not None}
            stored.append(
                StoredProduct(
                    recipe=item["name"],
                    kind=kind,
                    title=str(item.get("title") or ""),
                    parameters={**described, **(item.get("parameters") or {})},
                    media_type=media_type,
                    size=size,
                    sha256=sha256,
                    code_version=code_version,
                    input_digests=inputs,
                )
            )
    return tuple(stored)


def _adopt(files: Mapping[str, Path], name: str, sha256: str) -> tuple[str, int]:
    path = files.get(name)
    if path is None:
        raise TransientError(f"The result {name} is missing.")
    stored = adopt_object(path, sha256, verify=True)
    return stored.digest, stored.size
