"""Zarr stores of versions 2 and 3, read from one ZIP a chunk at a time; no size and no name in them is believed."""
