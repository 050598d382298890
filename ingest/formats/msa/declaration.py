"""EMSA/MAS spectra."""

from ingest.formats.declaration import STANDS_ALONE, Format

FORMATS = (
    Format(
        package=__package__,
        id="msa",
        title="EMSA/MAS spectrum (ISO 22029)",
        files="`.msa`, `.emsa`",
        becomes="EELS, EDS, cathodoluminescence",
        extensions=("msa", "emsa"),
        recognize="recognition:recognize_msa",
        companions=STANDS_ALONE,
        open="reader:open_msa",
        map="mapping:map_msa",
        keys="keys:KEYS",
    ),
)
