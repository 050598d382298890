"""From the header of a format to a draft of the metadata document."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ingest.mapping.arrays import add_arrays
from ingest.mapping.blockfile import map_blockfile
from ingest.mapping.draft import DraftBuilder, MetadataDraft
from ingest.mapping.empad import map_empad
from ingest.mapping.gatan import map_dm
from ingest.mapping.hyperspy import map_hyperspy
from ingest.mapping.ncem import map_ncem
from ingest.mapping.personal import list_personal_pointers
from ingest.mapping.py4dstem import map_py4dstem
from ingest.mapping.quantum_detectors import map_mib

_MAPPINGS: dict[str, Callable[[DraftBuilder], None]] = {
    "blockfile": map_blockfile,
    "dm3": map_dm,
    "dm4": map_dm,
    "empad": map_empad,
    "hspy": map_hyperspy,
    "mib": map_mib,
    "ncem_emd": map_ncem,
    "py4dstem_emd": map_py4dstem,
}


def map_vendor_header(
    format: str,  # noqa: A002 - the word of the reader contract
    header: Mapping[str, Any],
    signals: Sequence[Mapping[str, Any]],
) -> MetadataDraft:
    """Say in our words what a vendor header says.

    Parameters
    ----------
    format
        Format id; of a format without a mapping only the arrays are described.
    header
        The header as the reader gives it (untrusted JSON).
    signals
        The signals as `SignalSource.describe` gives them.

    Returns
    -------
    MetadataDraft
        Quantities in the catalogue's units with source, basis and `origin_key`; nothing is made up.
    """
    draft = DraftBuilder(header, signals)
    _MAPPINGS.get(format, add_arrays)(draft)
    return MetadataDraft(
        document=draft.document,
        looked_for=draft.looked_for,
        findings=tuple(draft.findings),
        personal_pointers=list_personal_pointers(header),
    )
