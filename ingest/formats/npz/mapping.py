"""An npz file names its arrays as its author liked: what is known comes of the axes that a person named."""

from ingest.mapping.arrays import add_arrays
from ingest.mapping.draft import DraftBuilder


def map_npz(draft: DraftBuilder) -> None:
    """Add what the named axes say."""
    add_arrays(draft)
