"""What is written down of the program that made a result."""

import platform
from functools import cache
from importlib.metadata import version

from django.conf import settings

from processing.declarations.manifest import Manifest
from repository.schema.documents.provenance import Software

# What reads, computes, compresses and draws; the confined programs run in the worker's own environment.
_LIBRARIES = (
    "numpy", "numba", "h5py", "hdf5plugin", "rosettasciio", "zarr", "tensorstore", "numcodecs", "google-crc32c",
    "pillow",
)  # fmt: skip


def describe_software(manifest: Manifest) -> Software:
    """Return program, package, commit and libraries behind what a confined program answered."""
    return Software(
        program=f"{manifest.program} {manifest.version}",
        package="stemma",
        version=settings.PACKAGE_VERSION,
        commit=settings.COMMIT,
        python=platform.python_version(),
        libraries=_list_versions(),
    )


@cache
def _list_versions() -> dict[str, str]:
    return {name: version(name) for name in _LIBRARIES}
