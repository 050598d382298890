"""The reductions of one signal, fed block by block in file order."""

from abc import ABC, abstractmethod
from concurrent.futures import Executor, Future
from typing import Any

import numpy as np
import numpy.typing as npt

from ingest.readers.contract import SignalSource
from processing.engine.result_files import ReductionResult
from processing.reductions.center_of_mass import divide_moments
from processing.reductions.detector_plan import DetectorPlan
from processing.reductions.fused import BlockReduction, PatternReducer, sum_type
from processing.reductions.mean_pattern import PatternSummary
from processing.reductions.spectra import SpectrumSummary

Region = tuple[slice, ...]
PART_BYTES = 4 * 1024 * 1024  # a part stays in the outer cache, and a few of them keep every core busy


class ReductionPass(ABC):
    """Takes blocks in order; `begin` may start work in threads, `complete` merges it."""

    @abstractmethod
    def begin(self, region: Region, block: npt.NDArray[Any], executor: Executor) -> None:
        """Start on a block."""

    @abstractmethod
    def complete(self) -> None:
        """Merge what was begun; called before the next block begins."""

    @abstractmethod
    def results(self) -> list[ReductionResult]:
        """Return all reductions after the last block."""


class NoReductions(ReductionPass):
    """For images and single patterns: the array is its own best summary."""

    def begin(self, region: Region, block: npt.NDArray[Any], executor: Executor) -> None:
        """Do nothing."""

    def complete(self) -> None:
        """Do nothing."""

    def results(self) -> list[ReductionResult]:
        """Return nothing."""
        return []


class PatternScanPass(ReductionPass):
    """Mean and maximum pattern, virtual detectors, center of mass and summed intensity of a 4D scan."""

    def __init__(self, source: SignalSource, plan: DetectorPlan) -> None:
        shape = (source.shape[-2], source.shape[-1])
        self._source = source
        self._plan = plan
        masks = [detector.annulus.mask(shape) for detector in plan.detectors]
        self._reducer = PatternReducer(shape, source.dtype, masks)
        self._summary = PatternSummary(shape, source.dtype)
        leading = source.leading_shape
        counted = self._reducer.sum_type
        self._images = np.zeros((len(masks), *leading), counted)
        self._totals = np.zeros(leading, counted)
        self._moments = np.zeros((*leading, 2))
        self._n_pixels = [int(mask.sum()) for mask in masks]
        self._begun: list[Future[BlockReduction]] = []
        self._region: Region = ()
        self._extent: tuple[int, ...] = ()

    def begin(self, region: Region, block: npt.NDArray[Any], executor: Executor) -> None:
        """Start the parts of a block in threads."""
        patterns = block.reshape(-1, *block.shape[-2:])
        step = max(4, PART_BYTES // max(1, patterns[0].nbytes))
        self._region, self._extent = region, block.shape[:-2]
        self._begun = [
            executor.submit(self._reducer.reduce, patterns[start : start + step])
            for start in range(0, len(patterns), step)
        ]

    def complete(self) -> None:
        """Merge the parts in order, so that float sums do not depend on the threads."""
        parts = [future.result() for future in self._begun]
        self._begun = []
        for part in parts:
            self._summary.add(part)
        sums = np.concatenate([part.detector_sums for part in parts])
        self._images[(slice(None), *self._region)] = sums.T.reshape(len(self._images), *self._extent)
        self._totals[self._region] = np.concatenate([part.totals for part in parts]).reshape(self._extent)
        moments = np.concatenate([part.moments for part in parts])
        self._moments[self._region] = moments.reshape(*self._extent, 2)

    def results(self) -> list[ReductionResult]:
        """Return patterns first, then images."""
        return [*self._list_patterns(), *self._list_detectors(), *self._list_moments()]

    @property
    def _names(self) -> tuple[str, ...]:
        return tuple(axis.name for axis in self._source.axes)

    def _list_patterns(self) -> list[ReductionResult]:
        named = (
            ("mean_diffraction_pattern", "Mean diffraction pattern", self._summary.mean),
            ("max_diffraction_pattern", "Maximum diffraction pattern", self._summary.maximum),
        )
        axes, unit = self._names[-2:], self._source.intensity_unit
        return [ReductionResult(name, title, "pattern", values, axes, unit) for name, title, values in named]

    def _list_detectors(self) -> list[ReductionResult]:
        shared = {"angles_from": self._plan.source_of_angles, "center_from": self._plan.source_of_center}
        axes, unit = self._names[:-2], self._source.intensity_unit
        found = []
        for index, detector in enumerate(self._plan.detectors):
            parameters = {**detector.parameters, **shared, "n_pixels": self._n_pixels[index]}
            image = self._images[index]
            found.append(
                ReductionResult(detector.name, detector.title, "image", image, axes, unit, parameters)
            )
        return found

    def _list_moments(self) -> list[ReductionResult]:
        scan, unit = self._names[:-2], self._source.intensity_unit
        positions = divide_moments(self._totals, self._moments)
        parameters = {
            "components": ["y", "x"],
            "region": "whole detector",
            "reference": "none: positions in detector pixels, pixel centers at integers",
            "undefined": "NaN where the pattern sums to zero",
        }
        axes = (*scan, "component")
        return [
            ReductionResult(
                "center_of_mass", "Center of mass", "vector_image", positions, axes, "px", parameters
            ),
            ReductionResult("summed_intensity", "Summed intensity", "image", self._totals, scan, unit),
        ]


class SpectrumScanPass(ReductionPass):
    """Sum spectrum and intensity map of a spectrum image."""

    def __init__(self, source: SignalSource) -> None:
        self._source = source
        self._summary = SpectrumSummary(source.shape[-1], source.dtype)
        self._map: npt.NDArray[Any] = np.zeros(source.leading_shape, sum_type(source.dtype))

    def begin(self, region: Region, block: npt.NDArray[Any], executor: Executor) -> None:  # noqa: ARG002
        """Add a block; spectra are small, threads would not pay."""
        self._map[region] = self._summary.add(block)

    def complete(self) -> None:
        """Nothing is left to merge."""

    def results(self) -> list[ReductionResult]:
        """Return sum spectrum and map."""
        names = tuple(axis.name for axis in self._source.axes)
        unit = self._source.intensity_unit
        return [
            ReductionResult(
                "sum_spectrum", "Sum spectrum", "spectrum", self._summary.sum_spectrum, names[-1:], unit
            ),
            ReductionResult("summed_intensity", "Summed intensity", "image", self._map, names[:-1], unit),
        ]
