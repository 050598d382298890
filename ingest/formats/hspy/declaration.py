"""HyperSpy: one tree of words, in HDF5 or in a Zarr store."""

from ingest.formats.declaration import STANDS_ALONE, Format

FORMATS = (
    Format(
        package=__package__,
        id="hspy",
        title="HyperSpy",
        files="`.hspy`, older `.hdf5`",
        becomes="any",
        extensions=("hspy",),
        recognize="recognition:recognize_hspy",
        companions=STANDS_ALONE,
        open="reader:open_hspy",
        map="mapping:map_hyperspy",
        keys="keys:KEYS",
    ),
    Format(
        package=__package__,
        id="zspy",
        title="HyperSpy zspy",
        files="`.zspy`, or its folder",
        becomes="any",
        extensions=("zspy",),
        recognize="zspy_recognition:recognize_zspy",
        companions=STANDS_ALONE,
        open="zspy_reader:open_zspy",
        map="mapping:map_hyperspy",
        keys="keys:KEYS",
    ),
)
