"""Zarr stores of any program, OME-Zarr among them."""

from ingest.formats.declaration import STANDS_ALONE, Format

FORMATS = (
    Format(
        package=__package__,
        id="zarr_store",
        title="Zarr, OME-Zarr",
        files="a folder with `zarr.json`, `.zgroup` or `.zarray`, or its ZIP",
        becomes="any; where the store does not say it, which array is what is asked",
        extensions=(),
        recognize="recognition:recognize_zarr",
        companions=STANDS_ALONE,
        open="reader:open_zarr",
        map="mapping:map_zarr",
    ),
)
