"""MATLAB's mat, versions 5 to 7.3."""

from ingest.formats.declaration import STANDS_ALONE, Format

FORMATS = (
    Format(
        package=__package__,
        id="matlab",
        title="MATLAB variables",
        files="`.mat`, versions 5 to 7.3",
        becomes="any; what its axes are is asked",
        extensions=("mat",),
        recognize="recognition:recognize_matlab",
        companions=STANDS_ALONE,
        open="reader:open_matlab",
        map="mapping:map_matlab",
    ),
)
