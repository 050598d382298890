"""NumPy's npz."""

from ingest.formats.declaration import STANDS_ALONE, Format

FORMATS = (
    Format(
        package=__package__,
        id="numpy_npz",
        title="NumPy archive",
        files="`.npz`",
        becomes="any; what its axes are is asked",
        extensions=("npz",),
        recognize="recognition:recognize_npz",
        companions=STANDS_ALONE,
        open="reader:open_npz",
        map="mapping:map_npz",
    ),
)
