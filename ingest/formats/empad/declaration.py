"""EMPAD."""

from ingest.formats.declaration import Format

FORMATS = (
    Format(
        package=__package__,
        id="empad",
        title="EMPAD",
        files="`.xml` with `.raw`",
        becomes="4D-STEM",
        extensions=(),
        recognize="recognition:recognize_empad",
        companions="companions:group_empad",
        open="reader:open_empad",
        map="mapping:map_empad",
        keys="keys:KEYS",
    ),
)
