"""DECTRIS: ARINA, QUADRO, ELA, SINGLA and EIGER."""

from ingest.formats.declaration import Format

FORMATS = (
    Format(
        package=__package__,
        id="dectris",
        title="DECTRIS (NXmx)",
        files="`_master.h5` with its `_data_….h5`, and the `.h5` with the STEM metadata",
        becomes="4D-STEM",
        extensions=(),
        recognize="recognition:recognize_dectris",
        companions="companions:group_dectris",
        open="reader:open_dectris",
        map="mapping:map_dectris",
        keys="keys:KEYS",
    ),
)
