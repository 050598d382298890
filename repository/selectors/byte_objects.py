"""From what a visitor was let in to, to the digests of the bytes that an address names in it."""

import re
from dataclasses import dataclass

from repository.errors import NotFoundError, RepositoryError
from repository.models import ArrayObject, DataFile
from repository.selectors.access import DepositAccess, MeasurementAccess, VersionAccess

DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class ByteObject:
    """Bytes that may be sent.

    Attributes
    ----------
    is_public
        Anybody may have them.
    is_lasting
        The address names these bytes for ever; the newest version's address shows others one day.
    """

    sha256: str
    size: int
    media_type: str
    filename: str
    is_public: bool
    is_lasting: bool = True


class ArrayNotReadyError(RepositoryError):
    """The array is still being converted."""

    code = "converting"
    hint = "Ask again after the time that Retry-After says."


def find_deposit_file(access: DepositAccess, path: str) -> ByteObject:
    """Return a stored file of a draft."""
    files = access.deposit.current_files.filter(path=path)
    file = files.exclude(state=DataFile.State.UPLOADING).first()
    if file is None:
        raise NotFoundError(f"The deposit {access.deposit_id} has no stored file {path}.")
    return ByteObject(file.sha256, file.size, file.media_type, path.rsplit("/", 1)[-1], is_public=False)


def find_dataset_file(access: VersionAccess, path: str, *, is_lasting: bool) -> ByteObject:
    """Return a file of a published version; it lasts where the address names the version."""
    file = access.version.files.filter(path=path).first()
    if file is None:
        raise NotFoundError(f"The dataset {access.deposit_id} has no file {path}.")
    return ByteObject(
        file.sha256,
        file.size,
        file.media_type,
        path.rsplit("/", 1)[-1],
        is_public=access.is_public,
        is_lasting=is_lasting,
    )


def find_array_object(
    access: MeasurementAccess, signal_name: str, key: str, kind: str = ArrayObject.Kind.PRIMARY
) -> ByteObject:
    """Return an object of a converted array.

    Raises
    ------
    ArrayNotReadyError
        The array exists but is not converted yet.
    NotFoundError
        No such array, or the array has no such key; Zarr clients ask for keys that need not exist.
    """
    measurement_id = access.measurement.pk
    signal = access.measurement.signals.filter(name=signal_name).first()
    if signal is None:
        raise NotFoundError(f"The measurement {measurement_id} has no signal {signal_name}.")
    if signal.converted_at is None:
        if access.measurement.state == "failed":
            raise NotFoundError(f"The signal {signal_name} could not be converted; the findings say why.")
        raise ArrayNotReadyError(f"The signal {signal_name} of {measurement_id} is still being converted.")
    item = signal.objects_stored.filter(kind=kind, key=key).first()
    if item is None:
        raise NotFoundError(f"The array has no object {key}.")
    media_type = "application/json" if key.endswith("zarr.json") else "application/octet-stream"
    return ByteObject(item.sha256, item.size, media_type, key.rsplit("/", 1)[-1], is_public=access.is_public)


def find_product(access: MeasurementAccess, name: str, kind: str) -> ByteObject:
    """Return a reduction's data or its preview.

    `name` is a product's digest, or `signal.output`: what was published with the version, else the first that joined.
    """
    measurement_id = access.measurement.pk
    products = access.measurement.products.filter(kind=kind)
    if DIGEST.fullmatch(name):
        product = products.filter(digest=name).select_related("signal").first()
    else:
        signal_name, _, output = name.partition(".")
        named = products.filter(signal__name=signal_name, output=output).select_related("signal")
        product = named.order_by("is_added", "id").first()
    if product is None:
        raise NotFoundError(f"The measurement {measurement_id} has no {kind} {name[:140]}.")
    ending = "png" if product.media_type == "image/png" else "npy"
    return ByteObject(
        product.sha256,
        product.size,
        product.media_type,
        f"{measurement_id}-{product.signal.name if product.signal else ''}-{product.output}.{ending}",
        is_public=access.is_public,
    )


@dataclass(frozen=True, slots=True)
class VersionFiles:
    """Every file of a version as (path, sha256, size), for its ZIP, and whether anybody may have them."""

    files: list[tuple[str, str, int]]
    is_public: bool


def list_version_files(access: VersionAccess) -> VersionFiles:
    """Return what the ZIP of a version holds."""
    files = access.version.files.values_list("path", "sha256", "size")
    return VersionFiles(list(files), is_public=access.is_public)
