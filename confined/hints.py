"""What the person's document says that a reader cannot know from the file."""

from collections.abc import Mapping
from typing import Any

from repository.schema import select_supplied
from repository.schema.documents.levels import KINDS

SCAN_DIMENSIONS = 2


def build_hints(document: Mapping[str, Any], path: str) -> dict[str, Any]:
    """Return the reader's hints for a file: the scan shape (y, x) where the person gave one."""
    shape: Any = None
    for label, layer in select_supplied(document, path):
        if not label.startswith(f"{KINDS}/"):  # which kind it is, is known once it was opened
            shape = layer.get("scan_shape", shape)
    if isinstance(shape, Mapping):
        shape = shape.get("value")
    if not isinstance(shape, list | tuple) or len(shape) != SCAN_DIMENSIONS:
        return {}
    if not all(isinstance(size, int) and not isinstance(size, bool) and size > 0 for size in shape):
        return {}
    return {"scan_shape": [int(size) for size in shape]}
