"""A Zarr store in one ZIP is told by the descriptions of its nodes; that of HyperSpy is a format of its own."""

from contextlib import ExitStack, suppress

from ingest.readers.contract import ReadRefusedError
from ingest.readers.parts import Recognized
from ingest.readers.uploaded_file import UploadedFile
from ingest.readers.zarr.store import find_experiment, find_root, open_store


def recognize_zarr(file: UploadedFile) -> Recognized | None:
    """Say whether the file is a ZIP of a store."""
    names = file.zip_names
    root = None if names is None else find_root(names)
    if names is None or root is None or find_experiment(names):
        return None
    version = 3 if any(name.rpartition("/")[2] == "zarr.json" for name in names) else 2
    label = f"OME-Zarr (Zarr {version})" if _has_image(file) else f"Zarr {version}"
    return Recognized(f"ZIP of a Zarr store of version {version}", label=label)


def _has_image(file: UploadedFile) -> bool:
    """Whether the store says at its root that it is an image of OME, or a row of them."""
    with ExitStack() as resources, suppress(ReadRefusedError):
        store = open_store(file.path, resources)
        attributes = store.read_document("zarr.json").get("attributes", store.read_document(".zattrs"))
        words = attributes if isinstance(attributes, dict) else {}
        return any(word in words for word in ("multiscales", "ome", "bioformats2raw.layout"))
    return False
