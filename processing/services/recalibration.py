"""Arrays whose axes the record has otherwise by now: what hangs on them is made again, and no chunk is touched."""

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from processing.declarations.manifest import (
    AxisEntry,
    ObjectEntry,
    PictureEntry,
    Recalibration,
    ReductionEntry,
    SignalEntry,
)
from processing.declarations.pictures import ARRAY_PICTURE
from processing.services.results import adopt_result, name_settings
from repository.errors import TransientError
from repository.models import ArrayObject, Measurement, Product, Signal
from repository.schema.documents.provenance import SOFTWARE, Software
from repository.schema.quantities.signals import SignalShape
from repository.services.checked_reading import BrokenObjectError, CheckedReading
from repository.services.products import Recalibrated, ReplacedObject, StoredProduct

METADATA_KEY = "zarr.json"
_FOLDERS = {ArrayObject.Kind.PRIMARY.value: "zarr", ArrayObject.Kind.COMPANION.value: "companion"}
_DESCRIBED = frozenset({"shape", "dtype", "axes", "unit", "kind", "axis_steps", SOFTWARE})


@dataclass(frozen=True, slots=True)
class ChangedArray:
    """A converted array with the axes that the record has now.

    Attributes
    ----------
    names
        Of the axes that differ from those with which it was made.
    """

    signal: Signal
    in_file: tuple[AxisEntry, ...]
    axes: tuple[AxisEntry, ...]
    names: frozenset[str]


def list_changed_arrays(measurement: Measurement) -> list[ChangedArray]:
    """Return the converted arrays whose axes the record has otherwise than they were made with."""
    changed = []
    shapes = zip(measurement.shapes, measurement.calibrated_shapes, strict=True)
    for signal, (read, now) in zip(measurement.signals.all(), shapes, strict=True):
        both = zip(signal.axes_made, now.axes, strict=True)
        names = frozenset(axis.name for made, axis in both if made.as_dict() != axis.as_dict())
        if names and signal.converted_at is not None:
            changed.append(ChangedArray(signal, _enter(read), _enter(now), names))
    return changed


def _enter(shape: SignalShape) -> tuple[AxisEntry, ...]:
    return tuple(AxisEntry.read(axis.as_dict()) for axis in shape.axes)


def order_recalibration(
    changed: ChangedArray,
    products: Collection[Product],
    made_anew: Collection[str],
    *,
    all_anew: bool = False,
) -> tuple[Recalibration, dict[str, str]]:
    """Return what is asked of the program, and the digests of what it reads.

    Parameters
    ----------
    products
        Of the signal.
    made_anew
        Recipes that are run again in the same order: they draw their own pictures.
    all_anew
        Whether all is made again in the same order, the detector-major copy with it.
    """
    signal = changed.signal
    products = () if all_anew else products
    pictures = {one.output: one for one in products if one.kind == "preview" and one.recipe not in made_anew}
    results = [
        one
        for one in products
        if one.kind == "array"
        and one.output in pictures
        and changed.names & set(one.parameters.get("axes", ()))
    ]
    shown = {axis["name"] for axis in signal.axes[-signal.n_signal_axes :]}
    draws_array = bool(changed.names & shown) and any(
        one.recipe == ARRAY_PICTURE for one in pictures.values()
    )
    objects = [
        item for item in signal.objects_stored.all() if not all_anew or item.kind == ArrayObject.Kind.PRIMARY
    ]
    wanted = [item for item in objects if item.key == METADATA_KEY]
    wanted += _choose_middle(signal, objects) if draws_array else []
    digests = {f"{signal.name}/{_FOLDERS[item.kind]}/{item.key}": item.sha256 for item in wanted}
    digests |= {f"{signal.name}/reductions/{_name_file(one)}": one.sha256 for one in results}
    asked = Recalibration(
        signal=signal.name,
        kind=signal.statistics.get("kind"),
        in_file=changed.in_file,
        results=tuple(_describe_result(one) for one in results),
        draws_array=draws_array,
    )
    return asked, digests


def _name_file(product: Product) -> str:
    return f"{product.output}.npy"


def _describe_result(product: Product) -> ReductionEntry:
    said = product.parameters
    return ReductionEntry(
        name=product.output,
        recipe=product.recipe,
        recipe_version=product.recipe_version,
        title=product.title,
        kind=said["kind"],
        file=_name_file(product),
        shape=tuple(said["shape"]),
        dtype=said["dtype"],
        axes=tuple(said["axes"]),
        unit=said.get("unit"),
        size=product.size,
        sha256=product.sha256,
        asked=product.settings.get("parameters", {}),
        parameters={name: value for name, value in said.items() if name not in _DESCRIBED},
        axis_steps=said.get("axis_steps", {}),
    )


def _choose_middle(signal: Signal, objects: Collection[ArrayObject]) -> Iterator[ArrayObject]:
    """Yield the chunks that hold the middle frame: the picture of an array shows that one."""
    primary = [item for item in objects if item.kind == ArrayObject.Kind.PRIMARY]
    shard = next(_read_shard(item) for item in primary if item.key == METADATA_KEY)
    n_leading = len(signal.shape) - signal.n_signal_axes
    middle = [str(signal.shape[axis] // 2 // shard[axis]) for axis in range(n_leading)]
    for item in primary:
        first, *place = item.key.split("/")
        if first == "c" and place[:n_leading] == middle:
            yield item


def _read_shard(item: ArrayObject) -> list[int]:
    try:
        metadata = json.loads(b"".join(CheckedReading(item.sha256, size=item.size)))
    except BrokenObjectError as error:
        raise TransientError(f"{item.key} of {item.signal_id} cannot be read: {error}") from error
    shape: list[int] = metadata["chunk_grid"]["configuration"]["chunk_shape"]
    return shape


def store_recalibrated(
    changed: ChangedArray,
    entry: SignalEntry,
    files: Mapping[str, Path],
    software: Software,
    products: Collection[Product],
) -> Recalibrated:
    """Store what the program made."""
    former = {one.output: one for one in products if one.kind == "preview"}
    stored = {
        f"{_FOLDERS[item.kind]}/{item.key}": item
        for item in changed.signal.objects_stored.filter(key=METADATA_KEY)
    }
    return Recalibrated(
        axes=tuple(axis.as_dict() for axis in changed.axes),
        objects=tuple(_replace(stored[item.path], item, entry.name, files) for item in entry.metadata),
        pictures=tuple(
            _store_picture(former[picture.name], picture, entry.name, files, software)
            for picture in entry.redrawn
        ),
    )


def _replace(row: ArrayObject, made: ObjectEntry, folder: str, files: Mapping[str, Path]) -> ReplacedObject:
    sha256, size = adopt_result(files, f"{folder}/{made.path}", made.sha256)
    return ReplacedObject(kind=row.kind, key=row.key, former=row.sha256, size=size, sha256=sha256)


def _store_picture(
    former: Product, picture: PictureEntry, folder: str, files: Mapping[str, Path], software: Software
) -> StoredProduct:
    """Return the picture of a result that stands: it rests on what that rests on."""
    sha256, size = adopt_result(files, f"{folder}/previews/{picture.file}", picture.sha256)
    decides = {name: said for name, said in former.settings.items() if name != "axes"}
    return StoredProduct(
        recipe=former.recipe,
        recipe_version=former.recipe_version,
        output=former.output,
        settings=name_settings(decides, picture),
        kind=former.kind,
        title=former.title,
        parameters=picture.parameters,
        media_type=former.media_type,
        size=size,
        sha256=sha256,
        software=software,
        input_digests=tuple(former.input_digests),
        cover_rank=former.cover_rank,
    )
