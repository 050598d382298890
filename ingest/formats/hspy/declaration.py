"""HyperSpy."""

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
)
