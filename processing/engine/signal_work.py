"""What conversion and repeated reduction share: the recipes of one signal from their start to what is said of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from ingest.readers.contract import SignalSource
from ingest.readers.dead_pixels import Rectangle, draw_mask
from processing.declarations.book import get_book
from processing.declarations.manifest import (
    AxisEntry,
    DetectorsEntry,
    DiskEntry,
    Optics,
    SignalEntry,
)
from processing.declarations.recipe import ChosenRecipe, is_real
from processing.engine.angles import build_facts, resolve_angles
from processing.engine.faults import tell_fault
from processing.engine.pattern_findings import describe_angle, describe_outliers, describe_travel
from processing.engine.reduction_pass import RecipePass
from processing.engine.result_files import write_results
from processing.engine.sample_patterns import PatternSample, sample_patterns
from processing.engine.signal_entries import find_kind
from processing.quality.convergence_angle import measure_angle
from processing.reductions.descan import Travel
from processing.reductions.detector_plan import AngleKnowledge, DetectorPlan, plan_virtual_detectors
from processing.reductions.disk import DirectDisk, NoDisk, find_direct_disk
from processing.reductions.outliers import Outliers, find_outliers
from repository.schema.findings import Finding
from repository.schema.quantities.signals import SignalKind


@dataclass(frozen=True, slots=True)
class ConversionOptions:
    """What the pass is told from outside the data.

    Attributes
    ----------
    axes
        Of each signal, as the record has them; one that is not named keeps those of the file.
    kinds
        What each signal is; of one that is not named its axes tell.
    recipes
        What is made; None: what comes with every conversion.
    with_usual
        Whether what comes with every conversion is made beside those recipes.
    threads
        0: one per core that this process may use, at most four.
    """

    optics: Optics = field(default_factory=Optics)
    axes: Mapping[str, tuple[AxisEntry, ...]] = field(default_factory=dict)
    kinds: Mapping[str, str | None] = field(default_factory=dict)
    recipes: tuple[ChosenRecipe, ...] | None = None
    with_usual: bool = False
    verify: bool = True
    threads: int = 0


@dataclass(frozen=True, slots=True)
class PatternLook:
    """What a sample of a scan's patterns shows, and what is to be said of it."""

    disk: DirectDisk | NoDisk
    plan: DetectorPlan
    outliers: Outliers | None = None
    travel: Travel | None = None
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class StartedRecipes:
    """The recipes of a signal, ready for its first block, and what they rest on."""

    kind: SignalKind | None
    recipes: RecipePass
    look: PatternLook | None
    unused: Finding | None

    @property
    def plan(self) -> DetectorPlan | None:
        """Where the virtual detectors lie; None where there is no pattern."""
        return None if self.look is None else self.look.plan

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What was found about optics, patterns and recipes."""
        return (
            *(() if self.unused is None else (self.unused,)),
            *(() if self.look is None else self.look.findings),
            *self.recipes.findings,
        )


def _list_for(kind: SignalKind | None, options: ConversionOptions) -> tuple[ChosenRecipe, ...]:
    asked = tuple(one for one in options.recipes or () if kind in one.recipe.applies_to)
    if options.recipes is not None and not options.with_usual:
        return asked
    named = {one.recipe.name for one in asked}
    usual = tuple(
        ChosenRecipe(recipe, recipe.check_parameters({}))
        for recipe in get_book().list_for(kind)
        if recipe.name not in named
    )
    return tuple(sorted((*usual, *asked), key=lambda one: (one.recipe.rank, one.recipe.name)))


def start_recipes(source: SignalSource, options: ConversionOptions) -> StartedRecipes:
    """Sample the scan, choose its virtual detectors, and get the recipes of its kind ready."""
    kind = find_kind(source, options.kinds)
    real = is_real(source.dtype.name)
    look, unused = None, None
    if kind == "pattern_scan" and real:
        angles, unused = resolve_angles(options.optics, source.axes)
        look = look_at_patterns(sample_patterns(source), angles, options.optics, source.dead_pixels)
    facts = build_facts(
        source,
        options.optics,
        None if look is None else look.plan,
        None if look is None else look.outliers,
    )
    chosen = _list_for(kind if real else None, options)
    return StartedRecipes(kind, RecipePass(facts, chosen), look, unused)


def describe_reduced(entry: SignalEntry, folder: Path, started: StartedRecipes) -> SignalEntry:
    """Write the results of the recipes and return the entry with what is said of them."""
    return replace(
        entry,
        kind=started.kind,
        direct_disk=describe_disk(started.look),
        virtual_detectors=describe_detectors(started.plan),
        reductions=write_results(folder / "reductions", started.recipes.finish()),
    )


def look_at_patterns(
    sample: PatternSample, angles: AngleKnowledge, optics: Optics, dead_pixels: tuple[Rectangle, ...] = ()
) -> PatternLook:
    """Find bad pixels, direct disk and descan, and choose the virtual detectors; a search that fails is a finding.

    What the file itself names as dead is dead, and its values are looked at nowhere here.
    """
    try:
        named = draw_mask(dead_pixels, sample.mean.shape)
        if named.all():  # a mask that leaves nothing is no mask
            named[:] = False
        mean = np.where(named, np.nan, sample.mean)
        outliers = find_outliers(mean)
        outliers = replace(outliers, dead=outliers.dead | named)
        travel = sample.measure_travel(outliers.any_bad)
        disk = find_direct_disk(mean)
        plan = plan_virtual_detectors(mean, disk=disk, angles=angles)
        findings = (
            *describe_outliers(outliers, n_named=int(np.count_nonzero(named))),
            *describe_travel(travel, disk),
            *describe_angle(disk, angles, travel, optics),
        )
    except Exception as error:  # noqa: BLE001 - what the patterns look like is not what the measurement holds
        nothing = NoDisk("the search for it failed")
        plan = plan_virtual_detectors(np.zeros(sample.mean.shape), disk=nothing, angles=angles)
        return PatternLook(nothing, plan, findings=(_describe_failure(error),))
    return PatternLook(disk, plan, outliers, travel, findings)


def _describe_failure(error: Exception) -> Finding:
    return Finding(
        "warning",
        "disk_search_failed",
        f"The search for direct disk and bad pixels failed: {tell_fault(error)}",
        hint="Virtual detectors lie about the middle of the detector, so readers should not compare their "
        "pictures with "
        "others. The array stands. Write to the operator, or acknowledge it.",
        layer="reading",
    )


def describe_disk(look: PatternLook | None) -> DiskEntry | None:
    """Return what was found on the sample; None where nobody looked."""
    if look is None:
        return None
    disk, travel = look.disk, look.travel
    length = None if travel is None else travel.length
    if isinstance(disk, NoDisk):
        return DiskEntry(found=False, reason=disk.reason, travel_px=length)
    scale = look.plan.mrad_per_px
    angle, error = (None, None) if not scale else measure_angle(disk, scale, travel)
    return DiskEntry(
        found=True,
        center_px=disk.center,
        radius_px=disk.radius,
        center_uncertainty_px=disk.center_uncertainty,
        radius_uncertainty_px=disk.radius_uncertainty,
        edge_width_px=disk.edge_width,
        center_model_error_px=disk.center_model_error,
        radius_model_error_px=disk.radius_model_error,
        radius_mrad=angle,
        radius_error_mrad=error,
        travel_px=length,
        method="edge fitted to the mean of up to 256 evenly spread patterns; uncertainties are shot noise alone",
    )


def describe_detectors(plan: DetectorPlan | None) -> DetectorsEntry | None:
    """Return what the radii of the virtual detectors rest on."""
    if plan is None:
        return None
    return DetectorsEntry(
        source_of_angles=plan.source_of_angles,
        source_of_center=plan.source_of_center,
        center_px=plan.center,
        alpha_px=plan.disk_radius_px,
        mrad_per_px=plan.mrad_per_px,
        note=plan.note,
    )
