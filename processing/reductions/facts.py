"""What a recipe is told of a signal, and what it gives back. No compiled code is imported for it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from processing.reductions.detector_plan import DetectorPlan
from processing.reductions.outliers import Outliers

AnyArray = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Step:
    """Length or angle from one sample of an axis to the next."""

    value: float
    unit: str


@dataclass(frozen=True, slots=True)
class SignalFacts:
    """What a recipe is told of the signal.

    Attributes
    ----------
    steps
        Of the axes that are calibrated, by name.
    plan
        Center, radii and scale of the detector; None where there is no pattern.
    wavelength_pm
        None where the voltage is not known.
    outliers
        Hot and dead pixels of the detector; None where nobody looked.
    detector_to_scan
        Rows of the 2×2 matrix A in v_scan = A v_detector on (y, x) vectors; None where it was not measured.
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    axis_names: tuple[str, ...]
    n_signal_axes: int
    intensity_unit: str | None = None
    steps: Mapping[str, Step] = field(default_factory=dict)
    plan: DetectorPlan | None = None
    wavelength_pm: float | None = None
    detector_to_scan: tuple[tuple[float, float], tuple[float, float]] | None = None
    outliers: Outliers | None = None

    @property
    def leading_shape(self) -> tuple[int, ...]:
        """Sizes of the axes over patterns or spectra."""
        return self.shape[: -self.n_signal_axes]

    @property
    def signal_shape(self) -> tuple[int, ...]:
        """Sizes of the axes of one pattern or spectrum."""
        return self.shape[-self.n_signal_axes :]

    @property
    def leading_names(self) -> tuple[str, ...]:
        """Names of the axes over patterns or spectra."""
        return self.axis_names[: -self.n_signal_axes]

    @property
    def signal_names(self) -> tuple[str, ...]:
        """Names of the axes of one pattern or spectrum."""
        return self.axis_names[-self.n_signal_axes :]


@dataclass(frozen=True, slots=True)
class Made:
    """One result of a recipe.

    Attributes
    ----------
    output
        Name of the output that it is.
    axes
        Names of the axes of `values`; a `vector_image` ends in `component`.
    parameters
        What a reader must know of how it was made, as JSON.
    axis_steps
        Of axes that the signal does not have, such as the radius of a profile: offset and step.
    """

    output: str
    values: AnyArray
    axes: tuple[str, ...]
    unit: str | None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    axis_steps: Mapping[str, tuple[float, Step]] = field(default_factory=dict)
