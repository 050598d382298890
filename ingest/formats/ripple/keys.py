"""Ripple: which keyword says which quantity. All but the layout are HyperSpy's own words, in its units."""

from ingest.mapping.keys import HeaderKey, KeyTable, array_keys

_OURS = "In the unit of HyperSpy, which made the keyword."

KEYS: KeyTable = (
    HeaderKey("acceleration_voltage", ("ripple", "beam-energy"), _OURS, "kV"),
    HeaderKey("semi_convergence_angle", ("ripple", "convergence-angle"), _OURS, "mrad"),
    HeaderKey("collection_semi_angle", ("ripple", "collection-angle"), _OURS, "mrad"),
    HeaderKey("live_time", ("ripple", "live-time"), _OURS, "s"),
    HeaderKey("eds.elevation", ("ripple", "elevation-angle"), _OURS, "deg"),
    HeaderKey("eds.azimuth", ("ripple", "azimuth-angle"), _OURS, "deg", zero=True),
    HeaderKey("eds.energy_resolution", ("ripple", "detector-peak-width-ev"), "The format's own.", "eV"),
    HeaderKey(
        "eds.energy_resolution", ("ripple", "energy-resolution"), "HyperSpy's word before 0.8.4.", "eV"
    ),
    HeaderKey("title", ("ripple", "title"), _OURS, take="text"),
    HeaderKey(
        "technique", ("ripple", "signal"), "EELS, EDS_TEM, CL; others are asked for.", take="worked out"
    ),
    *array_keys(
        "energy_axis", "scan_step", "pixel_size", why="`depth`, `height` and `width` with -scale and -units."
    ),
)
