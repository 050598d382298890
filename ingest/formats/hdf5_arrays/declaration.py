"""HDF5 of no layout that is known."""

from ingest.formats.declaration import STANDS_ALONE, Format

FORMATS = (
    Format(
        package=__package__,
        id="hdf5_arrays",
        title="HDF5 of any layout",
        files="`.h5`, `.hdf5`",
        becomes="any; which array is what is asked",
        extensions=(),
        recognize="recognition:recognize_hdf5",
        companions=STANDS_ALONE,
        open="reader:open_hdf5_arrays",
        map="mapping:map_hdf5_arrays",
    ),
)
