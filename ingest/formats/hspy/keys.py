"""HyperSpy: which saved key wins for which quantity, and why; HyperSpy's own units are keV, mrad, mm, nA and s.

Files of version 1 call metadata `mapped_parameters`, keep the microscope at its top as `TEM`, and detectors in that.
"""

from ingest.mapping.keys import SHAPE, HeaderKey, Key, KeyTable, array_keys

ROOTS = ("metadata", "mapped_parameters")
TEM: tuple[Key, ...] = (("Acquisition_instrument", "TEM"), ("TEM",), ())
_NOW, _ONCE = "Where HyperSpy keeps it.", "Where its first versions kept it."
_UNIT = "A unit beside the number wins over HyperSpy's own."

# field -> (key below the microscope, unit)
_QUANTITIES: tuple[tuple[str, Key, str], ...] = (
    ("acceleration_voltage", ("beam_energy",), "kV"),
    ("semi_convergence_angle", ("convergence_angle",), "mrad"),
    ("probe_current", ("beam_current",), "nA"),
    ("camera_length", ("camera_length",), "mm"),
    ("collection_semi_angle", ("Detector", "EELS", "collection_angle"), "mrad"),
    ("exposure_time", ("Detector", "EELS", "exposure"), "s"),
    ("exposure_time", ("Detector", "Camera", "exposure"), "s"),
    ("exposure_time", ("exposure_time",), "s"),
    ("dwell_time", ("Detector", "EELS", "dwell_time"), "s"),
    ("dwell_time", ("dwell_time",), "s"),
    ("live_time", ("Detector", "EDS", "live_time"), "s"),
    ("eds.real_time", ("Detector", "EDS", "real_time"), "s"),
    ("eds.elevation", ("Detector", "EDS", "elevation_angle"), "deg"),
    ("eds.azimuth", ("Detector", "EDS", "azimuth_angle"), "deg"),
    ("eds.solid_angle", ("Detector", "EDS", "solid_angle"), "sr"),
    ("eds.energy_resolution", ("Detector", "EDS", "energy_resolution_MnKa"), "eV"),
    ("precession_angle", ("precession_angle",), "deg"),
)
_STAGE = (
    ("stage_tilt_x", "tilt_alpha", "deg"),
    ("stage_tilt_y", "tilt_beta", "deg"),
    ("stage_rotation", "rotation", "deg"),
    ("stage_position_x", "x", "mm"),
    ("stage_position_y", "y", "mm"),
    ("stage_position_z", "z", "mm"),
)


def places(*tail: str) -> tuple[Key, ...]:
    """Return where a key below the microscope may stand, the newest layout first."""
    return tuple((root, *instrument, *tail) for root in ROOTS for instrument in TEM)


def _why(key: Key) -> str:
    return _NOW if key[:3] == (ROOTS[0], *TEM[0]) else _ONCE


def _quantity(field: str, tail: Key, unit: str) -> KeyTable:
    """Return the rows of one quantity: first below `Detector`, then without it, as once."""
    tails = [tail, tail[1:]] if tail[0] == "Detector" else [tail]
    return tuple(
        HeaderKey(field, key, f"{_why(key)} {_UNIT}", unit, zero=field == "eds.azimuth")
        for one in tails
        for key in places(*one)
    )


def _measured(field: str, tail: Key, unit: str) -> KeyTable:
    return tuple(
        HeaderKey(field, key, _why(key), unit, basis="measured", zero=True, negative=True)
        for key in places(*tail)
        if "TEM" in key
    )


def _general(field: str, *tail: str, worked_out: bool = False) -> KeyTable:
    return tuple(
        HeaderKey(
            field,
            (root, *tail),
            _NOW if root == ROOTS[0] else _ONCE,
            take="worked out" if worked_out else "text",
        )
        for root in ROOTS
    )


DATES: tuple[tuple[Key, Key], ...] = tuple(
    ((root, *group, f"{mark}date"), (root, *group, f"{mark}time"))
    for root in ROOTS
    for group in (("General",), ())
    for mark in ("", "_datetime_")
)
ELEMENTS: tuple[Key, ...] = tuple((root, "Sample", "elements") for root in ROOTS)
SIGNAL_TYPES: tuple[Key, ...] = (
    *((root, "Signal", "signal_type") for root in ROOTS),
    *((root, "signal_type") for root in ROOTS),
)

KEYS: KeyTable = (
    *(row for field, tail, unit in _QUANTITIES for row in _quantity(field, tail, unit)),
    *(row for field, name, unit in _STAGE for row in _measured(field, ("Stage", name), unit)),
    *_measured("stage_tilt_x", ("tilt_stage",), "deg"),
    *(HeaderKey("sample.thickness", (root, "Sample", "thickness"), _UNIT, "nm") for root in ROOTS),
    *(HeaderKey("instrument.name", key, _why(key), take="text") for key in places("microscope")),
    *(
        HeaderKey("frames_summed", key, _why(key), take="integer")
        for key in places("Detector", "EELS", "frame_number")
    ),
    *_general("title", "General", "title"),
    HeaderKey("title", (ROOTS[1], "title"), _ONCE, take="text"),
    *_general("sample.name", "Sample", "description"),
    *_general("sample.elements", "Sample", "elements", worked_out=True),
    *(
        HeaderKey(
            "acquired_at",
            date,
            f"With `{time[-1]}`. "
            + (
                "ISO text."
                if not date[-1].startswith("_")
                else "The text of a Python date, read and never run."
            ),
            take="worked out",
        )
        for date, time in DATES
    ),
    *(
        HeaderKey("technique", key, _NOW if key[0] == ROOTS[0] else _ONCE, take="worked out")
        for key in SIGNAL_TYPES
    ),
    HeaderKey("scan_shape", SHAPE, "In the order of the array.", take="worked out"),
    *array_keys(
        "scan_step",
        "pixel_size",
        "diffraction_pixel_size",
        "energy_axis",
        "wavelength_axis",
        why="The groups `axis-N`; what they do not say, nothing says.",
    ),
)
