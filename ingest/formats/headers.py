"""From the header of a format to a draft of the metadata document."""

from collections.abc import Mapping, Sequence
from typing import Any

from ingest.formats.declaration import FormatDeclarationError
from ingest.formats.faults import describe_fault
from ingest.formats.registry import find_format
from ingest.mapping.draft import DraftBuilder, MetadataDraft
from ingest.mapping.personal import find_personal_entries


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
        Quantities in the catalogue's units with source, basis and `origin_key`; nothing is made up. Where the
        format's own code fails, what it had said until then, and a finding that names its folder.

    Raises
    ------
    FormatDeclarationError
        No folder declares the format.
    """
    form = find_format(format)
    if form is None:
        raise FormatDeclarationError(f"No folder in ingest/formats declares the format {format}.")
    draft = DraftBuilder(header, signals)
    try:
        form.load("map")(draft)
    except Exception as error:  # noqa: BLE001 - what the arrays and the person say is not lost by one folder's fault
        draft.findings.append(describe_fault(form, "map", error, file="the header"))
    return MetadataDraft(
        document=draft.document,
        looked_for=draft.looked_for,
        findings=tuple(draft.findings),
        personal_pointers=find_personal_entries(header),
    )
