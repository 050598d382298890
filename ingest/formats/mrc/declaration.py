"""MRC."""

from ingest.formats.declaration import Format

FORMATS = (
    Format(
        package=__package__,
        id="mrc",
        title="MRC",
        files="`.mrc`, with `_info.txt` of a DE camera",
        becomes="images, series, volumes, 4D-STEM",
        extensions=("mrc",),
        recognize="recognition:recognize_mrc",
        companions="companions:group_mrc",
        open="reader:open_mrc",
        map="mapping:map_mrc",
        keys="keys:KEYS",
    ),
)
