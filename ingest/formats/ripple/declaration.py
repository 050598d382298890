"""Ripple: a text that describes the numbers beside it, as Lispix of NIST and many programs write it."""

from ingest.formats.declaration import Format

FORMATS = (
    Format(
        package=__package__,
        id="ripple",
        title="Ripple",
        files="`.rpl` with `.raw`",
        becomes="spectrum images, spectra, images, series",
        extensions=("rpl",),
        recognize="recognition:recognize_ripple",
        companions="recognition:group_ripple",
        open="reader:open_ripple",
        map="mapping:map_ripple",
        keys="keys:KEYS",
    ),
)
