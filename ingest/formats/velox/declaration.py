"""Velox EMD of Thermo Fisher."""

from ingest.formats.declaration import STANDS_ALONE, Format

FORMATS = (
    Format(
        package=__package__,
        id="velox_emd",
        title="Thermo Fisher Velox EMD",
        files="`.emd` of Velox",
        becomes="STEM and TEM images, series, DPC, EDS, EELS",
        extensions=(),
        recognize="recognition:recognize_velox",
        companions=STANDS_ALONE,
        open="reader:open_velox",
        map="mapping:map_velox",
        keys="keys:KEYS",
    ),
)
