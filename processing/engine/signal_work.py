"""What conversion and repeated reduction share: the recipes of one signal from their start to what is said of them."""

from dataclasses import dataclass, field, replace
from pathlib import Path

from ingest.readers.contract import SignalSource
from processing.declarations.book import get_book
from processing.declarations.manifest import (
    Calibration,
    DetectorsEntry,
    DiskEntry,
    SignalEntry,
)
from processing.declarations.recipe import ChosenRecipe
from processing.declarations.signal_kind import SignalKind, classify_signal, is_real
from processing.engine.calibration import build_facts, resolve_angles
from processing.engine.reduction_pass import RecipePass
from processing.engine.result_files import write_results
from processing.engine.sample_patterns import sample_mean_pattern
from processing.reductions.detector_plan import AngleKnowledge, DetectorPlan, plan_virtual_detectors
from processing.reductions.disk import DirectDisk, NoDisk, find_direct_disk
from repository.schema.findings import Finding


@dataclass(frozen=True, slots=True)
class ConversionOptions:
    """What the pass is told from outside the data.

    Attributes
    ----------
    recipes
        What is made; None: what comes with every conversion.
    threads
        0: one per core that this process may use, at most four.
    """

    calibration: Calibration = field(default_factory=Calibration)
    recipes: tuple[ChosenRecipe, ...] | None = None
    verify: bool = True
    threads: int = 0


@dataclass(frozen=True, slots=True)
class StartedRecipes:
    """The recipes of a signal, ready for its first block, and what they rest on."""

    kind: SignalKind | None
    recipes: RecipePass
    disk: DirectDisk | NoDisk | None
    plan: DetectorPlan | None
    unused: Finding | None

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What was found about calibration and recipes."""
        return (*(() if self.unused is None else (self.unused,)), *self.recipes.findings)


def _list_for(kind: SignalKind | None, asked: tuple[ChosenRecipe, ...] | None) -> tuple[ChosenRecipe, ...]:
    if asked is None:
        return tuple(
            ChosenRecipe(recipe, recipe.check_parameters({})) for recipe in get_book().list_for(kind)
        )
    return tuple(one for one in asked if kind in one.recipe.applies_to)


def start_recipes(source: SignalSource, options: ConversionOptions) -> StartedRecipes:
    """Sample the scan, choose its virtual detectors, and get the recipes of its kind ready."""
    kind = classify_signal(tuple(axis.name for axis in source.axes), source.n_signal_axes)
    real = is_real(source.dtype.name)
    disk, plan, unused = None, None, None
    if kind == "pattern_scan" and real:
        angles, unused = resolve_angles(options.calibration, source.axes)
        disk, plan = look_for_disk(source, angles)
    facts = build_facts(source, options.calibration, plan)
    chosen = _list_for(kind if real else None, options.recipes)
    return StartedRecipes(kind, RecipePass(facts, chosen), disk, plan, unused)


def describe_reduced(entry: SignalEntry, folder: Path, started: StartedRecipes) -> SignalEntry:
    """Write the results of the recipes and return the entry with what is said of them."""
    return replace(
        entry,
        kind=started.kind,
        direct_disk=describe_disk(started.disk),
        virtual_detectors=describe_detectors(started.plan),
        reductions=write_results(folder / "reductions", started.recipes.finish()),
    )


def look_for_disk(source: SignalSource, angles: AngleKnowledge) -> tuple[DirectDisk | NoDisk, DetectorPlan]:
    """Sample the scan, look for the direct disk and choose the virtual detectors."""
    sample = sample_mean_pattern(source)
    disk = find_direct_disk(sample)
    return disk, plan_virtual_detectors(sample, disk=disk, angles=angles)


def describe_disk(disk: DirectDisk | NoDisk | None) -> DiskEntry | None:
    """Return what was found on the sample; None where nobody looked."""
    if disk is None:
        return None
    if isinstance(disk, NoDisk):
        return DiskEntry(found=False, reason=disk.reason)
    return DiskEntry(
        found=True,
        center_px=disk.center,
        radius_px=disk.radius,
        center_uncertainty_px=disk.center_uncertainty,
        radius_uncertainty_px=disk.radius_uncertainty,
        edge_width_px=disk.edge_width,
        method="edge fitted to the mean of up to 256 evenly spread patterns",
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
