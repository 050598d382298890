"""StreamPix SEQ of Direct Electron's cameras."""

from ingest.formats.declaration import Format

FORMATS = (
    Format(
        package=__package__,
        id="seq",
        title="StreamPix SEQ",
        files="`.seq` with `.seq.metadata`, `.seq.Config.Metadata.xml`, `.seq.dark.mrc` and `.seq.gain.mrc`; both "
        "halves of a Celeritas",
        becomes="4D-STEM, series",
        extensions=("seq",),
        recognize="recognition:recognize_seq",
        companions="companions:group_seq",
        open="reader:open_seq",
        map="mapping:map_seq",
        keys="keys:KEYS",
    ),
)
