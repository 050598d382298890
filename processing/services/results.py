"""Moving what a confined program made into the object store; digests are computed here, not believed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from confined.sandbox import ReaderProtocolError
from processing.declarations.book import get_book
from processing.declarations.manifest import (
    ArrayEntry,
    DetectorMajorEntry,
    FindingEntry,
    Manifest,
    ManifestVersionError,
    Optics,
    PictureEntry,
    ReductionEntry,
    SignalEntry,
)
from processing.declarations.pictures import find_cover_rank
from processing.declarations.typed_documents import ManifestError
from processing.services.optics import select_needs
from repository.errors import TransientError
from repository.schema.documents.provenance import Software
from repository.schema.findings import Finding
from repository.services.products import StoredArrayObject, StoredProduct
from repository.services.stored_objects import adopt_object


@dataclass(frozen=True, slots=True)
class Provenance:
    """What stands behind the results of one run."""

    software: Software
    inputs: tuple[str, ...]
    optics: Optics


def read_manifest(answer: object) -> Manifest:
    """Return what a confined program answered, typed.

    Raises
    ------
    TransientError
        Program and worker are of different versions: it is tried again, by then perhaps both are new.
    ReaderProtocolError
        The answer is none.
    """
    try:
        return Manifest.read(answer, "manifest")
    except ManifestVersionError as error:
        raise TransientError(str(error)) from error
    except ManifestError as error:
        raise ReaderProtocolError(
            Finding(
                "error",
                "manifest_not_understood",
                f"The program that reads the files answered what it should not: {error}",
                hint="The uploaded bytes are kept unchanged. Hand the deposit in again, or write to the operator.",
                layer="reading",
            )
        ) from error


def list_findings(entries: Iterable[FindingEntry]) -> list[Finding]:
    """Return findings as the rest of the house speaks of them."""
    return [Finding(**entry.as_dict()) for entry in entries]


def build_statistics(entry: SignalEntry) -> dict[str, Any]:
    """Return what is kept of a signal's values, direct disk and virtual detectors; only what this program looked at."""
    statistics: dict[str, Any] = {"kind": entry.kind}
    if entry.values is not None:
        statistics |= {**entry.values.as_dict(), "verified": entry.verified}
    if entry.frame is not None:
        statistics |= {"frame": entry.frame.as_dict()}
    disk = entry.direct_disk
    known = (
        None
        if disk is None
        else {key: said for key, said in disk.as_dict().items() if said not in {None, ""}}
    )
    detectors = entry.virtual_detectors
    return statistics | {
        "direct_disk": known,
        "virtual_detectors": None if detectors is None else detectors.as_dict(),
    }


def store_array(
    kind: str, folder: str, described: ArrayEntry | DetectorMajorEntry | None, files: Mapping[str, Path]
) -> Iterable[StoredArrayObject]:
    """Store the objects of an array and yield them."""
    for item in () if described is None else described.objects:
        sha256, size = adopt_result(files, f"{folder}/{described.path}/{item.path}", item.sha256)  # type: ignore[union-attr]
        yield StoredArrayObject(kind=kind, key=item.path, size=size, sha256=sha256)


def store_products(
    entry: SignalEntry, files: Mapping[str, Path], provenance: Provenance
) -> tuple[StoredProduct, ...]:
    """Store the reductions and previews of one signal, with their provenance."""
    axes = [axis.as_dict() for axis in entry.axes]

    def store(item: ReductionEntry | PictureEntry, kind: str, folder: str) -> StoredProduct:
        recipe = get_book().find(item.recipe)
        needs = {} if recipe is None else select_needs(recipe, provenance.optics, axes)
        settings = {"parameters": item.asked, "needs": needs}
        return _store(item, kind, f"{entry.name}/{folder}/{item.file}", settings, files, provenance)

    return (
        *(store(item, "array", "reductions") for item in entry.reductions),
        *(store(item, "preview", "previews") for item in entry.previews),
    )


def name_settings(settings: Mapping[str, Any], picture: PictureEntry) -> dict[str, Any]:
    """Return what decides a picture: what decides the result that it shows, and the lengths drawn in it."""
    return {**settings, "axes": picture.axes} if picture.axes else dict(settings)


def _store(
    item: ReductionEntry | PictureEntry,
    kind: str,
    name: str,
    settings: Mapping[str, Any],
    files: Mapping[str, Path],
    provenance: Provenance,
) -> StoredProduct:
    sha256, size = adopt_result(files, name, item.sha256)
    return StoredProduct(
        recipe=item.recipe,
        recipe_version=item.recipe_version,
        output=item.name,
        settings=name_settings(settings, item) if isinstance(item, PictureEntry) else settings,
        kind=kind,
        title=item.title,
        parameters={**_describe(item), **item.parameters},
        media_type="image/png" if kind == "preview" else "application/x-npy",
        size=size,
        sha256=sha256,
        software=provenance.software,
        input_digests=provenance.inputs,
        cover_rank=find_cover_rank(item.name) if kind == "preview" else None,
    )


def _describe(item: ReductionEntry | PictureEntry) -> dict[str, Any]:
    """Return what is said of every array: shape, type, axes, unit and kind."""
    if isinstance(item, PictureEntry):
        return {}
    said = {
        "shape": list(item.shape),
        "dtype": item.dtype,
        "axes": list(item.axes),
        "unit": item.unit,
        "kind": item.kind,
        "axis_steps": item.axis_steps or None,
    }
    return {key: value for key, value in said.items() if value is not None}


def adopt_result(files: Mapping[str, Path], name: str, sha256: str) -> tuple[str, int]:
    """Store a file that a program made; return its digest and size.

    Raises
    ------
    TransientError
        It is not there.
    """
    path = files.get(name)
    if path is None:
        raise TransientError(f"The result {name} is missing.")
    stored = adopt_object(path, sha256, verify=True)
    return stored.digest, stored.size
