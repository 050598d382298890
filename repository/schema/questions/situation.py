"""What kind of measurement it is, as far as it decides on the questions that are asked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from repository.schema.places import get_plain, get_value, is_gap
from repository.schema.quantities.signals import SignalShape
from repository.schema.questions.cameras import find_camera_mode
from repository.schema.questions.fields import load_catalogue

ALWAYS_SCANNED = frozenset({"annular", "segmented_detector", "four_d_stem"})
NOT_ELECTRONS = frozenset({"ions", "photons", "none"})
IN_SITU_SERIES = frozenset({"temperature", "bias"})


@dataclass(frozen=True, slots=True)
class Situation:
    """Technique × scan × series × origin × illumination, with what follows from them.

    Words that are not in the vocabularies are left out here; the structure layer reports them.
    """

    techniques: tuple[str, ...]
    scan: str
    series: str
    origin: str
    convergent: bool
    in_situ: bool
    momentum_resolved: bool
    electrons: bool
    purposes: tuple[str, ...]
    settled: frozenset[str] = frozenset()

    @property
    def scanned(self) -> bool:
        """Whether the probe moved: two positions or more."""
        return self.scan in {"line", "raster", "positions"}

    @property
    def simulated(self) -> bool:
        """Whether the numbers were simulated."""
        return self.origin == "simulated"


def work_out_situation(
    document: Mapping[str, Any], signals: Sequence[SignalShape] | None = None
) -> Situation:
    """Work out what applies from the document and, where they are known, from the arrays."""
    techniques = list_techniques(document)
    scan = work_out_scan(document, techniques, signals)
    series = _word(document, "series", "series") or _series_of(signals)
    scanned = scan in {"line", "raster", "positions"}
    return Situation(
        techniques=techniques,
        scan=scan,
        series=series,
        origin=_word(document, "origin", "origin") or "measured",
        convergent=_may_converge(document, scanned=scanned),
        in_situ=_is_in_situ(document, series),
        momentum_resolved=_is_momentum_resolved(document, techniques, signals),
        electrons=_uses_electrons(document, techniques),
        purposes=tuple(_list(get_plain(document.get("purpose")))),
        settled=_list_settled(document),
    )


def _may_converge(document: Mapping[str, Any], *, scanned: bool) -> bool:
    """Return whether the beam converges, as far as is said: until somebody says how it was, it may.

    So what depends on the illumination is asked together with it, and the answer can only take it away. Who does not
    know the illumination does not know the angle either, unless the beam was scanned.
    """
    illumination = _word(document, "illumination", "illumination")
    if illumination is not None:
        return illumination == "convergent"
    return scanned or not is_gap(document.get("illumination"))


def _list_settled(document: Mapping[str, Any]) -> frozenset[str]:
    """Return what is known without asking: how the named camera records, the pattern of a scan along a line."""
    line = {"line"} if _word(document, "scan", "scan") == "line" else set()
    return frozenset(line | ({"camera"} if find_camera_mode(document) else set()))


def list_techniques(document: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the known techniques of a document, in its order, each once."""
    known = load_catalogue().words("technique")
    return tuple(dict.fromkeys(word for word in _list(get_plain(document.get("technique"))) if word in known))


def work_out_scan(
    document: Mapping[str, Any], techniques: Sequence[str], signals: Sequence[SignalShape] | None
) -> str:
    """Return the scan that the document states, else what its arrays show, else the usual one."""
    stated = _word(document, "scan", "scan")
    if stated:
        return stated
    if signals:
        return _scan_of_axes({axis.name for signal in signals for axis in signal.axes})
    if ALWAYS_SCANNED & set(techniques):
        return "raster"
    shape = get_plain(document.get("scan_shape"))
    if isinstance(shape, list) and shape:
        return "raster" if len(shape) > 1 else "line"
    return "none"


def _scan_of_axes(names: set[str]) -> str:
    if {"scan_y", "scan_x"} <= names:
        return "raster"
    if "position" in names:
        return "positions"
    return "line" if names & {"scan_y", "scan_x"} else "none"


def _series_of(signals: Sequence[SignalShape] | None) -> str:
    names = {axis.name for signal in signals or () for axis in signal.axes}
    return next((word for word in ("time", "tilt") if word in names), "none")


def _is_in_situ(document: Mapping[str, Any], series: str) -> bool:
    stated = get_value(document, "in_situ")
    if isinstance(stated, bool):
        return stated
    environment = document.get("environment")
    stimulated = isinstance(environment, Mapping) and bool({"stimulus", "stimulus_series"} & set(environment))
    return stimulated or series in IN_SITU_SERIES


def _is_momentum_resolved(
    document: Mapping[str, Any], techniques: Sequence[str], signals: Sequence[SignalShape] | None
) -> bool:
    if "eels" not in techniques:
        return False
    stated = get_value(document, "momentum_resolved")
    if isinstance(stated, bool):
        return stated
    return any(
        {"energy"} < (names := {axis.name for axis in signal.axes})
        and bool(names & {"detector_y", "detector_x"})
        for signal in signals or ()
    )


def _uses_electrons(document: Mapping[str, Any], techniques: Sequence[str]) -> bool:
    stated = _word(document, "radiation", "radiation")
    if stated:
        return stated not in NOT_ELECTRONS
    return any(technique not in {"other", "derived_table"} for technique in techniques)


def _word(document: Mapping[str, Any], key: str, vocabulary: str) -> str | None:
    found = get_plain(document.get(key))
    return found if isinstance(found, str) and found in load_catalogue().words(vocabulary) else None


def _list(found: Any) -> list[str]:
    if isinstance(found, str):
        return [found]
    return [word for word in found if isinstance(word, str)] if isinstance(found, list) else []
