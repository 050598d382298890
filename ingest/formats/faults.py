"""What is said where the code of a format fails, so that the fault of one folder stays its own."""

from ingest.formats.declaration import Format, Part
from repository.schema.findings import Finding

_MAX_TEXT = 200


def describe_fault(form: Format, part: Part, error: Exception, *, file: str) -> Finding:
    """Return the finding about a part that raised."""
    text = str(error)[:_MAX_TEXT]
    reason = f": {text}" if text else ", and did not say why"
    return Finding(
        "warning",
        "format_part_failed",
        f"`{part}` of the format in {form.folder} stopped at {file}{reason}.",
        hint="Readers can download the file; the other formats work. The operator can mend or remove that folder.",
        layer="reading",
    )
