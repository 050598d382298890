"""What the person's document says that a reader cannot know from the file."""

from collections.abc import Mapping
from typing import Any

from repository.schema import normalize_document, select_supplied
from repository.schema.documents.places import get_plain

SCAN_DIMENSIONS = 2


def build_hints(document: Mapping[str, Any], path: str) -> dict[str, Any]:
    """Return the reader's hints for a file: the scan shape (y, x) where the person gave one."""
    shape: Any = None
    for _, layer in select_supplied(document, path):
        shape = layer.get("scan_shape", shape)
    shape = get_plain(
        normalize_document({"scan_shape": shape}).get("scan_shape")
    )  # it may be typed: 256 × 128
    if not isinstance(shape, list | tuple) or len(shape) != SCAN_DIMENSIONS:
        return {}
    if not all(isinstance(size, int) and not isinstance(size, bool) and size > 0 for size in shape):
        return {}
    return {"scan_shape": [int(size) for size in shape]}
