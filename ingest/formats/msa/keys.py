"""EMSA/MAS: which keyword says which quantity, and why. Units are the standard's own, unless one stands beside."""

from ingest.mapping.keys import HeaderKey, Key, KeyTable, array_keys

DATE: Key = ("msa", "DATE")
TIME: Key = ("msa", "TIME")
SIGNAL_TYPE: Key = ("msa", "SIGNALTYPE")
_STANDARD = "In the unit beside the keyword, else in that of the standard."

# keyword -> (field, unit of the standard, whether 0 is a value, whether a negative number is one)
_QUANTITIES: dict[str, tuple[str, str, bool, bool]] = {
    "BEAMKV": ("acceleration_voltage", "kV", False, False),
    "EMISSION": ("emission_current", "uA", False, False),
    "PROBECUR": ("probe_current", "nA", False, False),
    "CONVANGLE": ("semi_convergence_angle", "mrad", False, False),
    "COLLANGLE": ("collection_semi_angle", "mrad", False, False),
    "THICKNESS": ("sample.thickness", "nm", False, False),
    "XTILTSTGE": ("stage_tilt_x", "deg", True, True),
    "YTILTSTGE": ("stage_tilt_y", "deg", True, True),
    "INTEGTIME": ("exposure_time", "ms", False, False),
    "LIVETIME": ("live_time", "s", False, False),
    "REALTIME": ("eds.real_time", "s", False, False),
    "ELEVANGLE": ("eds.elevation", "deg", False, False),
    "AZIMANGLE": ("eds.azimuth", "deg", True, False),
    "SOLIDANGLE": ("eds.solid_angle", "sr", False, False),
}

KEYS: KeyTable = (
    *(
        HeaderKey(field, ("msa", word), _STANDARD, unit, zero=zero, negative=negative)
        for word, (field, unit, zero, negative) in _QUANTITIES.items()
    ),
    HeaderKey("title", ("msa", "TITLE"), "What its writer called it.", take="text"),
    HeaderKey("acquired_at", DATE, "With `TIME`; local, without a zone.", take="worked out"),
    HeaderKey("technique", SIGNAL_TYPE, "`ELS`, `EDS`, `CLS`; others are asked for.", take="worked out"),
    *array_keys(
        "energy_axis",
        "wavelength_axis",
        why="`OFFSET` and `XPERCHAN` in `XUNITS`; of pairs, where they agree.",
    ),
)
