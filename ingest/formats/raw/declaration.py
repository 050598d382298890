"""Raw numbers of which a person says what they are."""

from ingest.formats.declaration import Format

FORMATS = (
    Format(
        package=__package__,
        id="raw_numbers",
        title="Raw numbers",
        files="`.raw`, `.bin` or `.dat`, once it is a measurement of its own and shape and type are answered",
        becomes="any; what its axes are is asked",
        extensions=(),
        recognize="recognition:recognize_raw",
        companions="companions:leave_to_the_person",
        open="reader:open_raw",
        map="mapping:map_raw",
    ),
)
