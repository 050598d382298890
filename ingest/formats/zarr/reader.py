"""Zarr of any program, version 2 or 3, as one ZIP of its keys: the array that was measured is told, or asked for.

Header document: ``{"zarr": {…}}``, the tree with its attributes and short arrays; ``{"arrays": {path: {"shape",
"dtype", "chunk"}}}``.

Signal: `data` alone. Of an OME-Zarr it is the highest resolution of its image; else the array that `array.dataset`
names; until then the one with the most axes, among these the largest, and a question where others have as many. What
lies beside it is told, and stays in the file. Axes come calibrated where the store names and measures them.
"""

import math
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from ingest.formats.zarr.dimensions import calibrate, list_dimensions, read_dimensions, translate
from ingest.formats.zarr.ome import OmeImage, list_images
from ingest.readers.axis_answers import AxisMeaning
from ingest.readers.bare_arrays import SHORT, BareArray, ask_which, build_signals, find_largest, find_main
from ingest.readers.contract import Axis, OpenedFile, ReadHints, SignalSource
from ingest.readers.header_json import to_json
from ingest.readers.refusals import decline, tell, warn
from ingest.readers.units import intensity_unit
from ingest.readers.zarr.chunks import ZarrNumbers
from ingest.readers.zarr.store import open_store
from ingest.readers.zarr.tree import ZarrTree, check_array, read_tree, tell_strangers
from repository.schema.findings import Finding

VERSION = "1"
_ONLY = "array"  # what an array is called that is the whole store
_MOST_TOLD = 5


@dataclass(frozen=True, slots=True)
class _Chosen:
    """The array that is read, with what the store says of its axes, in the order of the file."""

    array: BareArray
    meaning: AxisMeaning | None
    axes: Sequence[Axis]
    findings: Sequence[Finding]
    unit: str | None = None
    left_out: str = ""


def open_zarr(files: Mapping[str, Path], hints: ReadHints) -> OpenedFile:
    """Open a store."""
    path = next(iter(files.values()))
    with ExitStack() as resources:
        tree = read_tree(open_store(path, resources))
        every = _list_arrays(tree)
        wanted, asked = find_main(every, name=path.name, hints=hints)
        images = list_images(tree)
        if wanted is not None:
            images = [one for one in images if (one.path or _ONLY) == every[wanted].title]
        if images:
            chosen, more = _choose_image(tree, images, path.name)
        else:
            candidates = _list_candidates(tree, every)
            number = find_largest(candidates)
            array = candidates[number] if wanted is None else every[wanted]
            more = [] if wanted is not None or asked else ask_which(candidates, number, name=path.name)
            chosen = _choose_array(tree, array, path.name)
        numbers = chosen.array.numbers
        if isinstance(numbers, ZarrNumbers):
            more += check_array(numbers)
        signals, questions = build_signals(
            [chosen.array], name=path.name, hints=hints, meaning=chosen.meaning
        )
        kept = resources.pop_all()
    signal = replace(_calibrate(signals[0], chosen), intensity_unit=chosen.unit)
    findings = (
        *asked,
        *more,
        *chosen.findings,
        *questions,
        *_tell_refused(tree),
        *tell_strangers(tree.store),
    )
    described = {
        one.title: {"shape": list(one.numbers.shape), "dtype": one.numbers.dtype.name}
        for one in every[:SHORT]
    }
    header = {"zarr": to_json(tree.describe()), "arrays": to_json(described)}
    return OpenedFile("zarr_store", VERSION, (signal,), header, findings, kept)


def _list_arrays(tree: ZarrTree) -> list[BareArray]:
    found = [BareArray(path or _ONLY, tree.open_numbers(path)) for path in tree.arrays]
    if not found:
        raise next(iter(tree.refused.values()), None) or decline(
            "no_array_found", f"{tree.store.name} holds groups and no array."
        )
    return found


def _list_candidates(tree: ZarrTree, every: Sequence[BareArray]) -> list[BareArray]:
    """Return the arrays that may have been measured: coordinates and short lists are none where there are others."""
    coordinates = {
        f"{path.rpartition('/')[0]}/{name}".lstrip("/")
        for path in tree.arrays
        for name in list_dimensions(tree, path)
    }
    long = [
        one
        for one in every
        if (len(one.numbers.shape) > 1 or math.prod(one.numbers.shape) > SHORT)
        and one.title not in coordinates
    ]
    return long or list(every)


def _choose_image(tree: ZarrTree, images: Sequence[OmeImage], name: str) -> tuple[_Chosen, list[Finding]]:
    """Return the highest resolution of the largest image, with a question where there are several."""
    arrays = [
        BareArray(one.path or _ONLY, tree.open_numbers(one.path, squeezed=one.squeezed)) for one in images
    ]
    number = find_largest(arrays)
    image = images[number]
    names = tuple(axis.name for axis in image.axes)
    meaning = AxisMeaning(names, tuple(range(len(names))), 2, "file")
    asked = ask_which(arrays, number, name=name)
    if len(image.levels) > 1:
        others = ", ".join(level for level in image.levels if level != image.path)[:200]
        asked.append(
            tell(
                "array_not_read", f"{name} also holds {others}: coarser copies.", "They are kept in the file."
            )
        )
    left_out = f"; {len(image.squeezed)} axes of one position left out" if image.squeezed else ""
    return _Chosen(arrays[number], meaning, image.axes, image.findings, left_out=left_out), asked


def _choose_array(tree: ZarrTree, array: BareArray, name: str) -> _Chosen:
    path = "" if array.title == _ONLY and _ONLY not in tree.arrays else array.title
    names = list_dimensions(tree, path)
    meaning, findings = read_dimensions(names, name=name)
    axes: list[Axis] = []
    if meaning is not None:
        axes, odd = calibrate(tree, path, names, translate(names))
        findings += odd
    unit = tree.arrays[path].attributes.get("units")
    return _Chosen(array, meaning, axes, findings, intensity_unit(unit if isinstance(unit, str) else None))


def _calibrate(signal: SignalSource, chosen: _Chosen) -> SignalSource:
    """Return the signal with the steps of axes that kept the name which the store gave them."""
    said = {axis.name: axis for axis in chosen.axes}
    axes = tuple(
        said[axis.name] if axis.name in said and said[axis.name].size == axis.size else axis
        for axis in signal.axes
    )
    orientation = f"{signal.orientation}{chosen.left_out}"
    return replace(signal, axes=axes, orientation=orientation)


def _tell_refused(tree: ZarrTree) -> list[Finding]:
    """Say which arrays are not read, and why; damage is a warning."""
    told = []
    refused = [
        one for one in tree.refused.values() if one.finding.code != "dataset_empty"
    ]  # one number, or none
    for error in refused[:_MOST_TOLD]:
        say = warn if error.finding.severity == "error" else tell
        told.append(
            say(error.finding.code, error.finding.message, "Readers see the others; it is kept in the file.")
        )
    if len(refused) > _MOST_TOLD:
        more = f"{len(refused) - _MOST_TOLD} more arrays of {tree.store.name} are not read."
        told.append(warn("zarr_node_unread", more, "They are kept in the file."))
    return told
