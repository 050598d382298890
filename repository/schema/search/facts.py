"""The numbers by which measurements are searched and compared: one flat row in SI per measurement."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from repository.schema.documents.calibrated_axes import calibrate_signals
from repository.schema.documents.scales import (
    DETECTOR_AXES,
    IMAGE_AXES,
    AxisRange,
    choose_image_fields,
    find_diffraction_pixel,
    find_energy_range,
    find_lengths,
    find_scalar,
    find_scan_step,
    find_wavelength,
    order_answers,
)
from repository.schema.documents.signal_kind import decide_signal_kinds
from repository.schema.places import get_plain, get_value
from repository.schema.quantities.electrons import compute_fluence
from repository.schema.quantities.signals import SignalShape
from repository.schema.quantities.units import ELEMENTARY_CHARGE_C
from repository.schema.questions.situation import work_out_situation


@dataclass(frozen=True, slots=True)
class DetectorRange:
    """Angular range of an annular detector: semi-angles at the specimen in rad; None where not known."""

    name: str
    inner_rad: float | None
    outer_rad: float | None


@dataclass(frozen=True, slots=True)
class Facts:
    """Declared and derived quantities of one measurement; None where nothing was declared.

    A range counts with its middle, a pair (y, x) as it is said below. The unit ends each name; energies stay
    in eV.

    Attributes
    ----------
    wavelength_m
        Relativistic, from the acceleration voltage.
    scan_step_m
        √(step_y · step_x): the side of a square of the same area, as dose needs it. The document's step, else
        the axes'.
    time_per_position_s
        Dwell time, else exposure time, else the camera's frame time, times `frames_summed`.
    electron_fluence_per_m2
        As declared (e/m²), else I·t/(e·step_y·step_x) for a scan; `fluence_origin` is "declared" or
        "derived".
    electrons_per_position
        I·t/e incident electrons per probe position.
    detector_inner_angle_rad, detector_outer_angle_rad
        Of the detector that reaches farthest out; all of them in `detectors`.
    diffraction_pixel_rad
        √(y · x) of the angle per stored pixel; from reciprocal length through the wavelength where need be.
    diffraction_half_width_rad
        Half the shorter side of the pattern: the largest angle that fits all around.
    outcome
        Whether the goal was reached: `reached`, `partly`, `not_reached`.
    acquired_at
        As in the document: RFC 3339 with offset, or a local time with zone unknown; None for a gap.
    """

    techniques: tuple[str, ...]
    scan: str
    series: str
    origin: str
    level: str | None = None
    acceleration_voltage_v: float | None = None
    wavelength_m: float | None = None
    semi_convergence_angle_rad: float | None = None
    scan_shape: tuple[int, ...] | None = None
    scan_step_m: float | None = None
    scan_step_y_m: float | None = None
    scan_step_x_m: float | None = None
    field_of_view_m: float | None = None
    dwell_time_s: float | None = None
    exposure_time_s: float | None = None
    time_per_position_s: float | None = None
    frames_summed: int | None = None
    probe_current_a: float | None = None
    electron_fluence_per_m2: float | None = None
    fluence_origin: str | None = None
    electrons_per_position: float | None = None
    camera_length_m: float | None = None
    defocus_m: float | None = None
    detectors: tuple[DetectorRange, ...] = ()
    detector_inner_angle_rad: float | None = None
    detector_outer_angle_rad: float | None = None
    detector_shape: tuple[int, ...] | None = None
    diffraction_pixel_rad: float | None = None
    diffraction_half_width_rad: float | None = None
    collection_semi_angle_rad: float | None = None
    energy_start_ev: float | None = None
    energy_end_ev: float | None = None
    energy_bin_width_ev: float | None = None
    zero_loss_width_ev: float | None = None
    monochromated: bool | None = None
    stage_tilt_x_rad: float | None = None
    stage_tilt_y_rad: float | None = None
    temperature_k: float | None = None
    thickness_m: float | None = None
    pixel_size_m: float | None = None
    elements: tuple[str, ...] = ()
    formula: str | None = None
    sample_name: str | None = None
    instrument_name: str | None = None
    instrument_id: str | None = None
    camera_name: str | None = None
    purposes: tuple[str, ...] = ()
    outcome: str | None = None
    acquired_at: str | None = None


def derive_facts(document: Mapping[str, Any], signals: Sequence[SignalShape] | None = None) -> Facts:
    """Return the facts of a normalized document and its arrays, whose axes are taken as the document has them.

    What cannot be read counts as absent; nothing is raised.
    """
    signals = calibrate_signals(signals, document)
    situation = work_out_situation(document, signals)
    detectors = _list_detectors(document)
    outermost = max(detectors, key=lambda detector: detector.outer_rad or 0.0, default=None)
    elements = get_value(document, "sample.elements")
    return Facts(
        techniques=situation.techniques,
        scan=situation.scan,
        series=situation.series,
        origin=situation.origin,
        level=_text(document, "level"),
        **_describe_beam(document),
        **_describe_scan(document, signals, scanned=situation.scanned),
        **_describe_diffraction(document, signals),
        **_describe_spectrum(document, signals),
        detectors=detectors,
        detector_inner_angle_rad=outermost.inner_rad if outermost else None,
        detector_outer_angle_rad=outermost.outer_rad if outermost else None,
        stage_tilt_x_rad=find_scalar(document, "stage_tilt_x"),
        stage_tilt_y_rad=find_scalar(document, "stage_tilt_y"),
        temperature_k=find_scalar(document, "environment.temperature"),
        thickness_m=find_scalar(document, "sample.thickness"),
        pixel_size_m=_mean_side(
            find_lengths(
                document,
                next(iter(order_answers(document, choose_image_fields(document, signals))), "pixel_size"),
                signals,
                (*IMAGE_AXES, *DETECTOR_AXES),
            )
        ),
        elements=tuple(word for word in elements if isinstance(word, str))
        if isinstance(elements, list)
        else (),
        formula=_text(document, "sample.formula"),
        sample_name=_text(document, "sample.name"),
        instrument_name=_text(document, "instrument.name") or _text(document, "instrument.model"),
        instrument_id=_text(document, "instrument.id"),
        camera_name=_text(document, "camera.name") or _text(document, "camera.model"),
        purposes=situation.purposes,
        outcome=_text(document, "outcome.reached"),
        acquired_at=_moment(document),
    )


def _describe_beam(document: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "acceleration_voltage_v": find_scalar(document, "acceleration_voltage"),
        "wavelength_m": find_wavelength(document),
        "semi_convergence_angle_rad": find_scalar(document, "semi_convergence_angle"),
        "probe_current_a": find_scalar(document, "probe_current"),
        "camera_length_m": find_scalar(document, "camera_length"),
        "defocus_m": find_scalar(document, "defocus"),
    }


def _describe_scan(
    document: Mapping[str, Any], signals: Sequence[SignalShape] | None, *, scanned: bool
) -> dict[str, Any]:
    step = find_scan_step(document, signals)
    shape = _find_scan_shape(document, signals)
    dwell, exposure = find_scalar(document, "dwell_time"), find_scalar(document, "exposure_time")
    frames = get_value(document, "frames_summed")
    frames = frames if isinstance(frames, int) and frames > 0 else None
    once = next((t for t in (dwell, exposure, find_scalar(document, "camera.frame_time")) if t), None)
    time = once * (frames or 1) if once else None
    current = find_scalar(document, "probe_current")
    fluence, origin = find_scalar(document, "electron_fluence"), "declared"
    if fluence is None and scanned and current and time and step and min(step) > 0:
        fluence, origin = compute_fluence(current, time, step[0] * step[1]), "derived"
    view = max(n * d for n, d in zip(shape, step[-len(shape) :], strict=False)) if shape and step else None
    return {
        "scan_shape": shape,
        "scan_step_m": _mean_side(step),
        "scan_step_y_m": step[0] if step else None,
        "scan_step_x_m": step[1] if step else None,
        "field_of_view_m": view,
        "dwell_time_s": dwell,
        "exposure_time_s": exposure,
        "time_per_position_s": time,
        "frames_summed": frames,
        "electron_fluence_per_m2": fluence,
        "fluence_origin": origin if fluence is not None else None,
        "electrons_per_position": current * time / ELEMENTARY_CHARGE_C if current and time else None,
    }


def _describe_diffraction(
    document: Mapping[str, Any], signals: Sequence[SignalShape] | None
) -> dict[str, Any]:
    pixel = find_diffraction_pixel(document, signals)
    kinds = decide_signal_kinds(signals or (), document)
    shape = next(
        (
            signal.shape[-2:]
            for signal in signals or ()
            if (kinds[signal.name].kind or "").startswith(("pattern", "frame"))
        ),
        None,
    )
    half = (
        min(n * d for n, d in zip(shape, pixel, strict=False)) / 2
        if shape and len(shape) > 1 and pixel
        else None
    )
    return {
        "detector_shape": shape,
        "diffraction_pixel_rad": _mean_side(pixel),
        "diffraction_half_width_rad": half,
    }


def _describe_spectrum(document: Mapping[str, Any], signals: Sequence[SignalShape] | None) -> dict[str, Any]:
    axis = find_energy_range(document, signals) or AxisRange(None, None, None)
    width = find_scalar(document, "zero_loss_width")
    monochromated = get_value(document, "monochromated")
    return {
        "collection_semi_angle_rad": find_scalar(document, "collection_semi_angle"),
        "energy_start_ev": axis.start,
        "energy_end_ev": axis.end,
        "energy_bin_width_ev": axis.bin_width,
        "zero_loss_width_ev": None if width is None else width / ELEMENTARY_CHARGE_C,
        "monochromated": monochromated if isinstance(monochromated, bool) else None,
    }


def _find_scan_shape(
    document: Mapping[str, Any], signals: Sequence[SignalShape] | None
) -> tuple[int, ...] | None:
    shape = get_value(document, "scan_shape")
    if isinstance(shape, list) and all(isinstance(size, int) and size > 0 for size in shape):
        return tuple(shape)
    return _shape_of(signals, ("scan_y", "scan_x", "position"))


def _shape_of(signals: Sequence[SignalShape] | None, names: tuple[str, ...]) -> tuple[int, ...] | None:
    for signal in signals or ():
        sizes = tuple(axis.size for axis in signal.axes if axis.name in names)
        if sizes:
            return sizes
    return None


def _list_detectors(document: Mapping[str, Any]) -> tuple[DetectorRange, ...]:
    entries = document.get("annular_detectors")
    if not isinstance(entries, list):
        return ()
    return tuple(
        DetectorRange(
            name=str(get_plain(entry.get("name")) or ""),
            inner_rad=find_scalar(entry, "inner_angle"),
            outer_rad=find_scalar(entry, "outer_angle"),
        )
        for entry in entries
        if isinstance(entry, Mapping)
    )


def _mean_side(pair: tuple[float, float] | None) -> float | None:
    return math.sqrt(pair[0] * pair[1]) if pair and min(pair) > 0 else None


def _text(document: Mapping[str, Any], path: str) -> str | None:
    found = get_value(document, path)
    return found if isinstance(found, str) else None


def _moment(document: Mapping[str, Any]) -> str | None:
    entry = get_value(document, "acquired_at")
    if isinstance(entry, Mapping):
        entry = entry.get("value")
    return entry if isinstance(entry, str) else None
