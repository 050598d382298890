"""Merlin MIB."""

from ingest.formats.declaration import Format

FORMATS = (
    Format(
        package=__package__,
        id="mib",
        title="Merlin / Medipix",
        files="`.mib` with `.hdr`",
        becomes="4D-STEM",
        extensions=("mib",),
        recognize="recognition:recognize_mib",
        companions="companions:group_mib",
        open="reader:open_mib",
        map="mapping:map_mib",
        keys="keys:KEYS",
    ),
)
