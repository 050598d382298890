"""Vendor headers said in our words: each value with its unit, source, basis and the key it stood under."""

from ingest.mapping.draft import MetadataDraft
from ingest.mapping.headers import map_vendor_header

__all__ = ["MetadataDraft", "map_vendor_header"]
