"""NanoMEGAS Blockfile."""

from ingest.formats.declaration import STANDS_ALONE, Format

FORMATS = (
    Format(
        package=__package__,
        id="blockfile",
        title="NanoMegas Blockfile",
        files="`.blo`",
        becomes="4D-STEM",
        extensions=("blo",),
        recognize="reader:recognize_blockfile",
        companions=STANDS_ALONE,
        open="reader:open_blockfile",
        map="mapping:map_blockfile",
        keys="keys:KEYS",
    ),
)
