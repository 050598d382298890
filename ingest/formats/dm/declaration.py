"""Gatan DigitalMicrograph, two versions."""

from ingest.formats.declaration import STANDS_ALONE, Format

_BECOMES = "images, spectrum images, 4D-STEM"

FORMATS = (
    Format(
        package=__package__,
        id="dm3",
        title="DigitalMicrograph 3",
        files="`.dm3`",
        becomes=_BECOMES,
        extensions=("dm3",),
        recognize="recognition:recognize_dm3",
        companions=STANDS_ALONE,
        open="reader:open_dm",
        map="mapping:map_dm",
        keys="keys:KEYS",
    ),
    Format(
        package=__package__,
        id="dm4",
        title="DigitalMicrograph 4",
        files="`.dm4`",
        becomes=_BECOMES,
        extensions=("dm4",),
        recognize="recognition:recognize_dm4",
        companions=STANDS_ALONE,
        open="reader:open_dm",
        map="mapping:map_dm",
        keys="keys:KEYS",
    ),
)
