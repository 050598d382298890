"""NumPy's npy."""

from ingest.formats.declaration import STANDS_ALONE, Format

FORMATS = (
    Format(
        package=__package__,
        id="numpy_npy",
        title="NumPy array",
        files="`.npy`",
        becomes="any; what its axes are is asked",
        extensions=("npy",),
        recognize="reader:recognize_npy",
        companions=STANDS_ALONE,
        open="reader:open_npy",
        map="mapping:map_npy",
    ),
)
