"""HDF5 files that are known and not read: which program's layout, by attributes and group names."""

import h5py

from ingest.readers.contract import FormatMatch
from ingest.readers.hdf5.attributes import find_object, find_text

NO_LAYOUT = "HDF5 signature"
"""The reason where nothing but that is known: a claim by the arrays that are in it is then as strong."""


def match_layout(file: h5py.File) -> FormatMatch:
    """Return whose layout the file has."""
    for test in (_vendor, _nexus, _svi, _usid):
        match = test(file)
        if match is not None:
            return match
    return _unread("hdf5", "HDF5 of an unknown layout", NO_LAYOUT)


def _unread(identifier: str, label: str, reason: str) -> FormatMatch:
    return FormatMatch(identifier, label, readable=False, role="primary", reason=reason)


def _vendor(file: h5py.File) -> FormatMatch | None:
    data = find_object(file, "data")
    if isinstance(data, h5py.Dataset) and "properties" in data.attrs:
        return _unread("nion_h5", "Nion Swift HDF5", "/data with attribute properties")
    if " Manufacturer" in file or "Manufacturer" in file:
        return _unread("edax_h5", "EDAX HDF5", "/Manufacturer")
    if "Metadata" in file and "Version" in file:
        return _unread("app5", "NanoMEGAS TopSpin app5", "/Version and /Metadata")
    return None


def _nexus(file: h5py.File) -> FormatMatch | None:
    for key in file:
        group = find_object(file, key)
        if isinstance(group, h5py.Group) and find_text(group, "NX_class") in {"NXentry", "NXroot", "NXdata"}:
            return _unread("nexus", "NeXus", f"/{key} with NX_class")
    if find_text(file, "NX_class") or find_text(file, "default"):
        return _unread("nexus", "NeXus", "root attribute of NeXus")
    return None


def _svi(file: h5py.File) -> FormatMatch | None:
    """SVI HDF5, as Odemis writes it for cathodoluminescence."""
    for key in file:
        if key.startswith("Acquisition") and isinstance(find_object(file, f"{key}/SVIData"), h5py.Group):
            return _unread("svi_hdf5", "SVI HDF5 (Odemis)", f"/{key}/SVIData")
    return None


def _usid(file: h5py.File) -> FormatMatch | None:
    for key in file:
        group = find_object(file, key)
        if key.startswith("Measurement_"):
            return _unread("usid", "USID/NSID", f"/{key}")
        if isinstance(group, h5py.Group):
            for name in group:
                if (
                    isinstance(find_object(group, name), h5py.Dataset)
                    and "DIMENSION_LIST" in group[name].attrs
                ):
                    return _unread("usid", "USID/NSID", f"/{key}/{name} with dimension scales")
    return None
