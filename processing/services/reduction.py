"""Recipes over a converted measurement: when metadata that decide them have changed, or because one is asked for."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from confined.runs import forward_progress, run_over_files
from confined.sandbox import SandboxError, collect_output
from confined.zygotes import register_program
from processing.declarations.book import choose_recipes, file_of, get_book
from processing.declarations.manifest import AskedRecipe, Optics, Order, SignalEntry
from processing.declarations.recipe import Recipe, RecipeRefusedError
from processing.declarations.typed_documents import ManifestError
from processing.services.compiled_code import find_compiled_code, prepare_compiled_code
from processing.services.kinds import list_kinds, list_retaken, list_working_kinds
from processing.services.optics import (
    Known,
    build_optics,
    list_axes,
    list_stale,
    read_optics,
)
from processing.services.recalibration import (
    METADATA_KEY,
    ChangedArray,
    list_changed_arrays,
    order_recalibration,
    store_recalibrated,
)
from processing.services.results import (
    Provenance,
    build_statistics,
    list_findings,
    read_manifest,
    store_array,
    store_products,
)
from processing.services.software import describe_software
from repository.errors import ReductionRefusedError
from repository.models import ArrayObject, Deposit, Finding, Measurement, Product, Signal
from repository.schema.findings import Finding as Found
from repository.services.products import ReducedSignal, Retaken, note_reduction_failure, record_reduction
from repository.tasks.job_kinds import JobProgress

PROGRAM = register_program("processing.engine.reduce_program:main", find_compiled_code=find_compiled_code)


@dataclass(frozen=True, slots=True)
class Reduction:
    """New reductions and previews by signal, already in the object store."""

    optics: Optics
    signals: tuple[ReducedSignal, ...] = ()
    findings: tuple[Found, ...] = ()

    def record(self, measurement: Measurement) -> None:
        """Write them down; where there was nothing to do, nothing is."""
        if not self.signals:
            return
        record_reduction(
            measurement=measurement,
            optics=self.optics.as_dict(),
            reduced=self.signals,
            findings=self.findings,
        )


def list_outdated(deposit: Deposit, measurement_ids: Collection[str] | None = None) -> list[str]:
    """Return the measurements whose products were made with other angles than the metadata say now; of some, or all."""
    unfrozen = deposit.current_measurements.filter(state=Measurement.State.CONVERTED, frozen_at__isnull=True)
    if measurement_ids is not None:
        unfrozen = unfrozen.filter(pk__in=measurement_ids)
    converted = unfrozen.defer("header").prefetch_related("signals", "products")
    return [measurement.pk for measurement in converted if is_outdated(measurement)]


def is_outdated(measurement: Measurement) -> bool:
    """Return whether a converted measurement has products that would be others with what its metadata say now.

    What is published has not: nothing of it is made again.
    """
    if measurement.frozen_at is not None:
        return False
    now = build_optics(measurement.present_document)
    return bool(
        list_changed_arrays(measurement) or list_retaken(measurement) or _list_stale(measurement, now)
    )


def _list_stale(measurement: Measurement, now: Optics) -> list[AskedRecipe]:
    """Return the recipes to run again: those of every conversion, and those that somebody asked for."""
    former = read_optics(measurement.calibration)
    axes = {shape.name: [axis.as_dict() for axis in shape.axes] for shape in measurement.calibrated_shapes}
    kinds = list_working_kinds(measurement)
    anew = {signal.name for signal in list_retaken(measurement)}  # all is made of these anyway
    found: dict[str, Recipe] = {}
    for signal in measurement.signals.all():
        kind = None if signal.name in anew else kinds.get(signal.name)
        applying = tuple(recipe for recipe in get_book().recipes if kind in recipe.applies_to)
        made = [axis.as_dict() for axis in signal.axes_made]
        known = Known(former, made), Known(now, axes[signal.name])
        found |= {recipe.name: recipe for recipe in list_stale(*known, applying)}
    stale = [recipe for recipe in get_book().recipes if recipe.name in found]
    asked = [AskedRecipe(one.name, one.version) for one in stale if one.made == "conversion"]
    return [*asked, *_list_asked_before(measurement.products.all(), stale)]


def _list_asked_before(products: Iterable[Product], stale: Sequence[Recipe]) -> Iterable[AskedRecipe]:
    on_request = {recipe.name: recipe for recipe in stale if recipe.made == "request"}
    for product in products:
        recipe = on_request.pop(product.recipe, None)
        if recipe is None:
            continue
        # Of another version of the recipe, perhaps: its defaults, then.
        parameters = {} if _find_refusal(recipe, product) else product.settings.get("parameters", {})
        yield AskedRecipe(recipe.name, recipe.version, parameters)


def check_request(measurement: Measurement, asked: AskedRecipe) -> AskedRecipe:
    """Return the request with all its parameters.

    Raises
    ------
    ReductionRefusedError
        There is no such recipe, it takes other parameters, or the measurement has nothing that it works on.
    """
    try:
        ((recipe, parameters),) = ((one.recipe, one.parameters) for one in choose_recipes([asked]) or ())
    except RecipeRefusedError as error:
        raise ReductionRefusedError(str(error)) from error
    if not set(list_working_kinds(measurement).values()) & set(recipe.applies_to):
        raise ReductionRefusedError(
            f"{recipe.title} is made of a {' or '.join(recipe.applies_to).replace('_', ' ')}; the measurement "
            f"{measurement.pk} has no such array.",
            hint="Wait until its arrays are converted, or ask for another recipe.",
        )
    return replace(asked, version=recipe.version, parameters=dict(parameters))


def reduce_measurement(
    *, measurement: Measurement, output: Path, progress: JobProgress, parameters: Mapping[str, Any]
) -> Reduction:
    """Run over the converted arrays what is outdated, and what the job asks for.

    Raises
    ------
    SandboxError
        The reductions of a draft failed; the error's finding says why.
    ReductionRefusedError
        Those of a published measurement did: nobody corrects that in a draft, so the job says why.
    """
    optics = build_optics(measurement.present_document)
    asked = [] if measurement.frozen_at is not None else _list_stale(measurement, optics)
    if parameters:
        wanted = check_request(measurement, _read_request(parameters))
        asked = [*(one for one in asked if one.name != wanted.name), wanted]
    changed = [] if measurement.frozen_at is not None else list_changed_arrays(measurement)
    work = _plan(measurement, asked, changed, list_retaken(measurement), optics)
    if not work.digests:
        return Reduction(optics)
    try:
        made = _reduce(work, output, progress)
    except SandboxError as error:
        if measurement.frozen_at is not None:
            raise ReductionRefusedError(error.finding.message) from error
        raise
    return replace(made, findings=(*_describe_older(measurement.products.all()), *made.findings))


def _read_request(parameters: Mapping[str, Any]) -> AskedRecipe:
    """Return what a job was asked, which another version of Stemma may have written."""
    try:
        return AskedRecipe.read(parameters, "what the job was asked")
    except ManifestError as error:
        raise ReductionRefusedError(
            f"Another version of Stemma wrote the request: {error}", hint="Ask again."
        ) from error


def _describe_older(products: Iterable[Product]) -> Iterator[Found]:
    """Say of results that somebody had asked for and that the recipes of today do not make alike."""
    for product in products:
        if product.kind != "array" or product.is_added or not product.recipe_version:
            continue  # without a version: it is made by other names now
        recipe = get_book().find(product.recipe)
        if recipe is None:
            yield Found(
                "info",
                "recipe_not_here",
                f"{product.title or product.output} stands as it was made: there is no {file_of(product.recipe)} "
                f"any more to make it again.",
                hint="It may rest on other angles than the rest. Ask for another recipe where that matters.",
                layer="reading",
            )
            continue
        if recipe.made == "request" and (reason := _find_refusal(recipe, product)):
            yield Found(
                "info",
                "recipe_parameters_replaced",
                f"{recipe.title} is made with its defaults. Its parameters were those of version "
                f"{product.recipe_version}; {file_of(recipe.name)} holds version {recipe.version}. {reason}",
                hint="Ask for it again with other parameters where you need them.",
                layer="reading",
            )


def _find_refusal(recipe: Recipe, product: Product) -> str:
    """Return why a recipe does not take the parameters with which a product was made; empty where it does."""
    try:
        recipe.check_parameters(product.settings.get("parameters", {}))
    except RecipeRefusedError as error:
        return str(error)
    return ""


def _list_objects(
    measurement: Measurement, asked: Sequence[AskedRecipe], retaken: Sequence[Signal]
) -> dict[str, str]:
    """Return the objects of the arrays on which any of the recipes works, by the name that the program reads.

    With them those of arrays of which all is made anew.
    """
    recipes = [recipe for one in asked if (recipe := get_book().find(one.name)) is not None]
    works_on = {kind for recipe in recipes for kind in recipe.applies_to}
    kinds = list_working_kinds(measurement)
    signals = [
        signal
        for signal in measurement.signals.all()
        if kinds.get(signal.name) in works_on or signal in retaken
    ]
    objects = ArrayObject.objects.filter(signal__in=signals, kind=ArrayObject.Kind.PRIMARY).select_related(
        "signal"
    )
    return {f"{item.signal.name}/zarr/{item.key}": item.sha256 for item in objects}


@dataclass(frozen=True, slots=True)
class _Work:
    """What is to be done in one run, with the digests of what it reads."""

    measurement: Measurement
    order: Order
    digests: Mapping[str, str]
    changed: Mapping[str, ChangedArray]


def _plan(
    measurement: Measurement,
    asked: Sequence[AskedRecipe],
    changed: Sequence[ChangedArray],
    retaken: Sequence[Signal],
    optics: Optics,
) -> _Work:
    """Put recipes that run over arrays, and what changed axes want, into one order."""
    digests = _list_objects(measurement, asked, retaken)
    anew = tuple(signal.name for signal in retaken)
    names = tuple(dict.fromkeys(name.split("/", 1)[0] for name in digests))
    recalibrate = []
    for one in changed:
        entry, inputs = order_recalibration(
            one,
            _products_of(measurement, one.signal),
            {each.name for each in asked} if one.signal.name in names else set(),
            all_anew=one.signal.name in anew,
        )
        recalibrate.append(entry)
        digests |= inputs
    order = Order(
        signals=names,
        optics=optics,
        axes=list_axes(measurement),
        kinds=list_kinds(measurement),
        recalibrate=tuple(recalibrate),
        anew=anew,
        recipes=tuple(asked),
    )
    return _Work(measurement, order, digests, {one.signal.name: one for one in changed})


def _products_of(measurement: Measurement, signal: Signal) -> list[Product]:
    return [one for one in measurement.products.all() if one.signal_id == signal.pk]


def _reduce(work: _Work, output: Path, progress: JobProgress) -> Reduction:
    order = work.order
    manifest = read_manifest(
        run_over_files(
            program=PROGRAM,
            request=order.as_dict(),
            digests=work.digests,
            output=output,
            on_message=forward_progress(progress),
            compiled_cache=prepare_compiled_code(),
            checks_inputs=True,
        )
    )
    files, software = collect_output(output), describe_software(manifest)
    recipes = [recipe for one in order.recipes if (recipe := get_book().find(one.name)) is not None]
    reduced = []
    for entry in manifest.signals:
        # What the array's metadata say of axes is among the needs: they change, and the chunks do not.
        chunks = f"{entry.name}/zarr/c/"
        inputs = tuple(sha256 for name, sha256 in work.digests.items() if name.startswith(chunks))
        made = {item.recipe for item in entry.reductions}
        changed, is_anew = work.changed.get(entry.name), entry.name in order.anew
        reduced.append(
            ReducedSignal(
                name=entry.name,
                statistics=_list_statistics(entry, is_anew=is_anew) if entry.name in order.signals else {},
                products=store_products(entry, files, Provenance(software, inputs, order.optics)),
                outputs=frozenset(
                    output.name for recipe in recipes if recipe.name in made for output in recipe.outputs
                ),
                recalibrated=None
                if changed is None
                else store_recalibrated(
                    changed, entry, files, software, _products_of(work.measurement, changed.signal)
                ),
                retaken=None
                if not is_anew
                else Retaken(
                    work.digests[f"{entry.name}/zarr/{METADATA_KEY}"],
                    tuple(store_array("companion", entry.name, entry.detector_major, files)),
                ),
            )
        )
    return Reduction(order.optics, tuple(reduced), tuple(list_findings(manifest.reduction_findings)))


def _list_statistics(entry: SignalEntry, *, is_anew: bool) -> dict[str, Any]:
    """Return what is kept of a signal; what the radii rest on only where detectors were made by it.

    Another recipe, or a detector that failed, leaves the former images, and with them what is said of theirs.
    """
    statistics = build_statistics(entry)
    if not is_anew and not any(item.recipe == "virtual_detectors" for item in entry.reductions):
        del statistics["virtual_detectors"]
    return statistics


def note_failure(measurement: Measurement, _: Finding.Stage, finding: Found) -> None:
    """Say that a draft was not reduced again; it stays readable, with the products that it has."""
    note_reduction_failure(
        measurement=measurement,
        finding=Found(
            "warning",
            "reduction_failed",
            f"The reductions were not made again: {finding.message}",
            hint="Readers see the former reductions, with the angles that they name; the arrays stand. "
            "Change the angles, hand the deposit in again, or publish it as it is.",
            layer="reading",
        ),
    )
