"""HDF5 files: which program's layout, by attributes and group names, without reading any data."""

import json
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import h5py

from ingest.readers.contract import FormatMatch, ReadRefusedError
from ingest.readers.hdf5.access import HDF5_ERRORS, refuse_damage
from ingest.readers.hdf5.attributes import find_text, plain
from ingest.readers.hdf5.superblock import check_not_truncated

_SEARCH_DEPTH = 4
_SEARCH_OBJECTS = 2000
_BY_EXTENSION = {
    "hspy": ("hspy", "HyperSpy HDF5"),
    "emd": ("ncem_emd", "EMD (HDF5)"),
}


def match_hdf5(path: Path, name: str) -> FormatMatch:
    """Return whose HDF5 layout the file has; a damaged one keeps its finding."""
    try:
        check_not_truncated(path)
        with refuse_damage(path), ExitStack() as resources:
            file = resources.enter_context(h5py.File(path, "r", locking=False))
            return _match_layout(file)
    except ReadRefusedError as error:
        extension = name.rpartition(".")[2].lower()
        identifier, label = _BY_EXTENSION.get(extension, ("hdf5", "HDF5"))
        return FormatMatch(
            identifier,
            f"{label}, damaged",
            readable=identifier != "hdf5",
            role="primary",
            reason="HDF5 signature; the content cannot be walked",
            findings=(error.finding,),
        )


def _match_layout(file: h5py.File) -> FormatMatch:
    for test in (_velox, _py4dstem, _hyperspy, _dectris, _ncem, _vendor, _nexus, _svi, _usid):
        match = test(file)
        if match is not None:
            return match
    return _unread("hdf5", "HDF5 of an unknown layout", "HDF5 signature")


def _read(identifier: str, label: str, reason: str) -> FormatMatch:
    return FormatMatch(identifier, label, readable=True, role="primary", reason=reason)


def _unread(identifier: str, label: str, reason: str) -> FormatMatch:
    return FormatMatch(identifier, label, readable=False, role="primary", reason=reason)


def _get(group: h5py.Group, path: str) -> Any:
    """Return an object behind hard links only, or None."""
    item: Any = group
    for key in path.split("/"):
        if not isinstance(item, h5py.Group) or not isinstance(item.get(key, getlink=True), h5py.HardLink):
            return None
        item = item[key]
    return item


def _velox(file: h5py.File) -> FormatMatch | None:
    version = _get(file, "Version")
    if not isinstance(version, h5py.Dataset) or version.dtype.kind not in "OS" or version.size != 1:
        return None
    try:
        written = json.loads(str(plain(version[()])))
    except (ValueError, *HDF5_ERRORS):
        return None
    form = written.get("format") if isinstance(written, dict) else None
    if form in {"Velox", "DevelopersKit"}:
        return _unread("velox_emd", "Thermo Fisher Velox EMD", f"/Version says {form}")
    if "Metadata" in file or form:
        return _unread("app5", "NanoMEGAS TopSpin app5", "/Version and /Metadata")
    return None


def _py4dstem(file: h5py.File) -> FormatMatch | None:
    reason = _find_py4dstem_mark(file)
    if reason is None:
        return None
    if not _find_emd_group(file, 0, [0]):
        return _unread("py4dstem_emd", "py4DSTEM EMD of derived lists, no array", reason)
    return _read("py4dstem_emd", "py4DSTEM EMD", reason)


def _find_py4dstem_mark(file: h5py.File) -> str | None:
    if find_text(file, "authoring_program") == "emdfile" or find_text(file, "emd_group_type") == "file":
        return "root attribute of emdfile"
    for key in file:
        group = _get(file, key)
        if not isinstance(group, h5py.Group):
            continue
        if key.startswith("4DSTEM_experiment") or find_text(group, "emd_group_type") == "root":
            return f"group /{key} of py4DSTEM"
    return None


def _hyperspy(file: h5py.File) -> FormatMatch | None:
    experiments = _get(file, "Experiments")
    if find_text(file, "file_format") == "HyperSpy":
        return _read("hspy", "HyperSpy HDF5", "root attribute file_format HyperSpy")
    if isinstance(experiments, h5py.Group):
        for key in experiments:
            group = _get(experiments, key)
            if isinstance(group, h5py.Group) and "data" in group and "axis-0" in group:
                return _read("hspy", "HyperSpy HDF5", "/Experiments with axis-0")
    return None


def _dectris(file: h5py.File) -> FormatMatch | None:
    data = _get(file, "entry/data")
    if isinstance(data, h5py.Group):
        links = [data.get(key, getlink=True) for key in data if key.startswith("data_")]
        targets = tuple(link.filename for link in links if isinstance(link, h5py.ExternalLink))
        definition = _get(file, "entry/definition")
        is_nxmx = isinstance(definition, h5py.Dataset) and "NXmx" in str(plain(definition[()]))
        if links and (targets or is_nxmx):
            match = _unread("dectris", "DECTRIS master file", "/entry/data/data_*")
            return FormatMatch(
                match.format,
                match.label,
                readable=False,
                role="primary",
                reason=match.reason,
                refers_to=targets,
            )
        frames = _get(data, "data")
        if isinstance(frames, h5py.Dataset) and "image_nr_low" in frames.attrs:
            return FormatMatch(
                "dectris",
                "DECTRIS data file",
                readable=False,
                role="companion",
                reason="/entry/data/data with image_nr_low",
            )
    if _get(file, "STEM Metadata") is not None:
        return FormatMatch(
            "dectris", "ARINA STEM metadata", readable=False, role="companion", reason="/STEM Metadata"
        )
    return None


def _ncem(file: h5py.File) -> FormatMatch | None:
    if _find_emd_group(file, 0, [0]):
        return _read("ncem_emd", "NCEM EMD", "group with emd_group_type 1")
    if (
        "version_major" in file.attrs
        and "version_minor" in file.attrs
        and isinstance(_get(file, "data"), h5py.Group)
    ):
        return _read("ncem_emd", "NCEM EMD", "root version and /data")
    return None


def _find_emd_group(group: h5py.Group, depth: int, visited: list[int]) -> bool:
    if find_text(group, "emd_group_type") in {"1", "array"}:
        return True
    if depth >= _SEARCH_DEPTH:
        return False
    for key in group:
        visited[0] += 1
        if visited[0] > _SEARCH_OBJECTS:
            return False
        item = _get(group, key)
        if isinstance(item, h5py.Group) and _find_emd_group(item, depth + 1, visited):
            return True
    return False


def _vendor(file: h5py.File) -> FormatMatch | None:
    data = _get(file, "data")
    if isinstance(data, h5py.Dataset) and "properties" in data.attrs:
        return _unread("nion_h5", "Nion Swift HDF5", "/data with attribute properties")
    if " Manufacturer" in file or "Manufacturer" in file:
        return _unread("edax_h5", "EDAX HDF5", "/Manufacturer")
    if "Metadata" in file and "Version" in file:
        return _unread("app5", "NanoMEGAS TopSpin app5", "/Version and /Metadata")
    return None


def _nexus(file: h5py.File) -> FormatMatch | None:
    for key in file:
        group = _get(file, key)
        if isinstance(group, h5py.Group) and find_text(group, "NX_class") in {"NXentry", "NXroot", "NXdata"}:
            return _unread("nexus", "NeXus", f"/{key} with NX_class")
    if find_text(file, "NX_class") or find_text(file, "default"):
        return _unread("nexus", "NeXus", "root attribute of NeXus")
    return None


def _svi(file: h5py.File) -> FormatMatch | None:
    """SVI HDF5, as Odemis writes it for cathodoluminescence."""
    for key in file:
        if key.startswith("Acquisition") and isinstance(_get(file, f"{key}/SVIData"), h5py.Group):
            return _unread("svi_hdf5", "SVI HDF5 (Odemis)", f"/{key}/SVIData")
    return None


def _usid(file: h5py.File) -> FormatMatch | None:
    for key in file:
        group = _get(file, key)
        if key.startswith("Measurement_"):
            return _unread("usid", "USID/NSID", f"/{key}")
        if isinstance(group, h5py.Group):
            for name in group:
                if isinstance(_get(group, name), h5py.Dataset) and "DIMENSION_LIST" in group[name].attrs:
                    return _unread("usid", "USID/NSID", f"/{key}/{name} with dimension scales")
    return None
