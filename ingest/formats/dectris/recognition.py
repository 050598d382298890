"""A master links to `/entry/data/data_NNNNNN`; a data file numbers its frames; a third has the STEM metadata."""

import h5py

from ingest.formats.dectris.links import FRAMES, list_links
from ingest.readers.hdf5.attributes import find_object, plain
from ingest.readers.parts import Recognized
from ingest.readers.uploaded_file import UploadedFile

SIDECAR = "STEM Metadata"
DATA_LABEL, SIDECAR_LABEL = "DECTRIS data file", "ARINA STEM metadata"


def recognize_dectris(file: UploadedFile) -> Recognized | None:
    """Say whether the file is one of a DECTRIS detector, and which of the three."""
    return file.ask_hdf5(_ask)


def _ask(tree: h5py.File) -> Recognized | None:
    links = list_links(tree)
    targets = tuple(dict.fromkeys(link.name for link in links if link.name))
    if links and (targets or _is_nxmx(tree)):
        return Recognized("/entry/data/data_*", label="DECTRIS master file", refers_to=targets)
    frames = find_object(tree, FRAMES)
    if isinstance(frames, h5py.Dataset) and "image_nr_low" in frames.attrs:
        return Recognized("/entry/data/data with image_nr_low", role="companion", label=DATA_LABEL)
    if isinstance(find_object(tree, SIDECAR), h5py.Group):
        return Recognized(f"/{SIDECAR}", role="companion", label=SIDECAR_LABEL)
    return None


def _is_nxmx(tree: h5py.File) -> bool:
    definition = find_object(tree, "entry/definition")
    if not isinstance(definition, h5py.Dataset) or definition.dtype.kind not in "OS" or definition.size != 1:
        return False
    return "NXmx" in str(plain(definition[()]))
