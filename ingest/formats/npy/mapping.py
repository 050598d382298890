"""An npy file says nothing of the experiment: what is known comes of the axes that a person named."""

from ingest.mapping.arrays import add_arrays
from ingest.mapping.draft import DraftBuilder


def map_npy(draft: DraftBuilder) -> None:
    """Add what the named axes say."""
    add_arrays(draft)
