"""A store names its axes, or a person does: what is known comes of these."""

from ingest.mapping.arrays import add_arrays
from ingest.mapping.draft import DraftBuilder


def map_zarr(draft: DraftBuilder) -> None:
    """Add what the named axes say."""
    add_arrays(draft)
