"""The external links of a master file: the only ones in this house that lead to another file, by its name alone.

HDF5 never follows them. They are read as text, looked for among the uploaded files, and those are opened as any other.
"""

import re
from dataclasses import dataclass

import h5py

from ingest.readers.companions import base_of, check_bare_name
from ingest.readers.hdf5.attributes import find_object
from ingest.readers.refusals import refuse

GROUP = "entry/data"
FRAMES = "entry/data/data"
"""Where a data file has its frames."""
PART = re.compile(r"data_\d{1,9}")
OWN_LINKS = re.compile(rf"/{GROUP}/{PART.pattern}")
DATA_NAME = re.compile(r".+_data_\d{1,9}\.h5", re.IGNORECASE)
_NUMBER = re.compile(r"_data_(\d{1,9})$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Link:
    """One part of the frames.

    Attributes
    ----------
    key
        As the master calls it.
    name
        The file that holds it, as written; empty where the master itself does.
    path
        Where in that file.
    """

    key: str
    name: str
    path: str


def list_links(tree: h5py.File) -> list[Link]:
    """Return the parts of a master in the order of their numbers; neither a soft link nor a group is one."""
    group = find_object(tree, GROUP)
    found = []
    for key in group if isinstance(group, h5py.Group) else ():
        if PART.fullmatch(key) is None:
            continue
        link = group.get(key, getlink=True)
        if isinstance(link, h5py.ExternalLink):
            found.append(Link(key, link.filename, link.path))
        elif isinstance(link, h5py.HardLink) and isinstance(group[key], h5py.Dataset):
            found.append(Link(key, "", f"/{GROUP}/{key}"))
    return sorted(found, key=lambda link: (int(link.key.rpartition("_")[2]), link.key))


def check_data_name(name: str, *, inside: str) -> str:
    """Return the name that a link holds, if it is that of a data file and nothing more.

    Raises
    ------
    ReadRefusedError
        `path_inside_file` or `hdf5_external_link`.
    """
    bare = check_bare_name(name, inside=inside, field="the link to its frames")
    if DATA_NAME.fullmatch(bare) is None:
        raise refuse(
            "hdf5_external_link",
            f"{inside} links to {base_of(bare)} where its frames should be: no DECTRIS data file is called so.",
            "Only files called <name>_data_000001.h5 are followed. Upload the master as the detector wrote it.",
        )
    return bare


def find_base(stem: str) -> str:
    """Return what all files of one acquisition begin with, from the stem of a master or a data file."""
    return _NUMBER.sub("", stem) if _NUMBER.search(stem) else re.sub(r"(?i)_master$", "", stem)


def find_number(stem: str) -> int:
    """Return the number of a data file; 0 where its name has none."""
    found = _NUMBER.search(stem)
    return int(found[1]) if found else 0
