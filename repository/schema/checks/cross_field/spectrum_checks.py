"""Energy axes and collection against the beam."""

from collections.abc import Iterator, Mapping
from typing import Any

from repository.schema.checks.cross_field.context import Check, Context, report
from repository.schema.documents.scales import find_scalar, is_answered_by_person
from repository.schema.findings import Finding
from repository.schema.places import get_value
from repository.schema.quantities.units import ELEMENTARY_CHARGE_C

_AXIS_PARTS = ("start", "end", "bin_width")


def check_energy_against_voltage(context: Context) -> Iterator[Finding]:
    """Refuse losses and photons above the energy of the beam."""
    end, voltage = context.facts.energy_end_ev, context.facts.acceleration_voltage_v
    if end is None or voltage is None or end <= voltage:
        return
    yield report(
        "error",
        "energy_above_beam",
        f"The energy axis ends at {end:.6g} eV, above the beam energy of {voltage:.6g} eV.",
        "/energy_axis",
        "Check eV against keV on the axis, and the voltage.",
    )


def check_energy_axis(context: Context) -> Iterator[Finding]:
    """Compare start + channels × bin width with the end, to one channel.

    Two of them make the axis, a person's first: the third that only the file says holds for nothing then.
    """
    document, facts = context.document, context.facts
    start, end, width = facts.energy_start_ev, facts.energy_end_ev, facts.energy_bin_width_ev
    overruled = _find_overruled(document)
    stated_end = None if overruled == "end" else find_scalar(document, "energy_axis.end")
    if stated_end is not None:  # the facts hold where the array ends
        end = stated_end / ELEMENTARY_CHARGE_C
    if start is not None and end is not None and end <= start:
        message = f"The energy axis ends ({end:.6g} eV) before it starts ({start:.6g} eV)."
        yield report(
            "error", "energy_axis_reversed", message, "/energy_axis/end", "Exchange or correct them."
        )
        return
    axis = context.find_axis("energy")
    channels = axis.size if axis is not None else get_value(document, "energy_axis.channels")
    if overruled or start is None or width is None or stated_end is None or not isinstance(channels, int):
        return
    reached = start + (channels - 1) * width
    stated = stated_end / ELEMENTARY_CHARGE_C
    if abs(reached - stated) > 1.5 * width:
        yield report(
            "warning",
            "energy_axis_disagrees",
            f"{channels} channels of {width:.6g} eV from {start:.6g} eV end at {reached:.6g} eV, "
            f"not at {stated:.6g} eV.",
            "/energy_axis/end",
            "Readers would read edges at the wrong energy. One of start, end and bin width is off: correct it; "
            "the channels "
            "of the array are counted.",
        )


def _find_overruled(document: Mapping[str, Any]) -> str | None:
    """Return which of start, end and bin width the file says, where a person said the other two; None where none."""
    given = [part for part in _AXIS_PARTS if find_scalar(document, f"energy_axis.{part}") is not None]
    in_file = [part for part in given if not is_answered_by_person(document, f"energy_axis.{part}")]
    return in_file[0] if len(given) == len(_AXIS_PARTS) and len(in_file) == 1 else None


def check_energy_channels(context: Context) -> Iterator[Finding]:
    """Demand that the stated number of channels is the array's."""
    axis = context.find_axis("energy")
    channels = get_value(context.document, "energy_axis.channels")
    if axis is not None and isinstance(channels, int) and channels != axis.size:
        message = f"The energy axis is stated with {channels} channels; the array has {axis.size}."
        yield report(
            "error",
            "axis_size_mismatch",
            message,
            "/energy_axis/channels",
            "The array is right about its length.",
        )


def check_collection(context: Context) -> Iterator[Finding]:
    """Note a collection angle below the convergence angle: quantification then needs a correction."""
    beta, alpha = context.facts.collection_semi_angle_rad, context.facts.semi_convergence_angle_rad
    if beta is not None and alpha is not None and beta < alpha:
        yield report(
            "info",
            "collection_below_convergence",
            f"The collection semi-angle ({beta * 1e3:.4g} mrad) is below "
            f"the convergence semi-angle ({alpha * 1e3:.4g} mrad).",
            "/collection_semi_angle",
            "Cross-sections then need a correction for convergence. If one is a full angle, halve it.",
        )


CHECKS: tuple[Check, ...] = (
    check_energy_against_voltage,
    check_energy_axis,
    check_energy_channels,
    check_collection,
)
