"""Thermo Fisher (FEI) TIA."""

from ingest.formats.declaration import Format

FORMATS = (
    Format(
        package=__package__,
        id="tia",
        title="TIA",
        files="`.ser` with `.emi`",
        becomes="images, series, spectrum images, 4D-STEM",
        extensions=("ser", "emi"),
        recognize="recognition:recognize_tia",
        companions="companions:group_tia",
        open="reader:open_tia",
        map="mapping:map_tia",
        keys="keys:KEYS",
        plugin="tia",
    ),
)
