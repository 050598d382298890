"""From the header of a format to a draft of the metadata document."""

from collections.abc import Mapping, Sequence
from typing import Any

from ingest.formats.declaration import FormatDeclarationError
from ingest.formats.registry import find_format
from ingest.mapping.draft import DraftBuilder, MetadataDraft
from ingest.mapping.personal import list_personal_pointers


def map_vendor_header(
    format: str,  # noqa: A002 - the word of the reader contract
    header: Mapping[str, Any],
    signals: Sequence[Mapping[str, Any]],
) -> MetadataDraft:
    """Say in our words what a vendor header says.

    Parameters
    ----------
    format
        Format id.
    header
        The header as the reader gives it (untrusted JSON).
    signals
        The signals as `SignalSource.describe` gives them.

    Returns
    -------
    MetadataDraft
        Quantities in the catalogue's units with source, basis and `origin_key`; nothing is made up.

    Raises
    ------
    FormatDeclarationError
        No folder declares the format, or its mapping cannot be loaded.
    """
    form = find_format(format)
    if form is None:
        raise FormatDeclarationError(f"No folder in ingest/formats declares the format {format}.")
    draft = DraftBuilder(header, signals)
    form.load("map")(draft)
    return MetadataDraft(
        document=draft.document,
        looked_for=draft.looked_for,
        findings=tuple(draft.findings),
        personal_pointers=list_personal_pointers(header),
    )
