"""DECTRIS: a master file in NXmx, the data files that it links to, and the STEM metadata of the same scan.

Header document: ``{"master": {…}, "stem": {…}, "frames": n, "data_files": n}``. ``master`` is the tree below `/entry`
without the frames: ``master.instrument.detector`` has ``count_time`` and ``frame_time`` (s), ``description``,
``detector_number``, ``x_pixel_size`` (m), ``threshold_energy`` (eV), with ``<key>_units`` beside each;
``detectorSpecific`` below it ``photon_energy`` (eV, that of the electrons), ``ntrigger``, ``nimages``,
``data_collection_date`` (ISO, with its zone), ``software_version``. ``stem`` holds the attributes of `/STEM Metadata`:
``High Tension`` V, ``Camera Length`` m, ``Pixel Size`` nm, ``NumPixelsX``, ``NumPixelsY``. Data files alone: ``{}``.

Signals: `data` (scan_y, scan_x, detector_y, detector_x) in the type that is stored, as the detector wrote it (32 bits
stay 32); `pixel_mask` and `flatfield` where they say anything. Nothing is applied. Orientation: as stored, equal to
ncempy and to h5py; RosettaSciIO casts 32-bit counts to 16 bits.
"""

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import h5py

from ingest.formats.dectris.frames import LinkedFrames, OpenFiles, Part
from ingest.formats.dectris.links import DATA_NAME, FRAMES, OWN_LINKS, list_links
from ingest.formats.dectris.masks import SPECIFIC, PixelMaps, read_pixel_maps
from ingest.formats.dectris.parts import check_parts, find_linked, list_alone
from ingest.formats.dectris.recognition import SIDECAR
from ingest.readers.companions import base_of
from ingest.readers.contract import Axis, OpenedFile, ReadHints, SignalSource
from ingest.readers.hdf5.access import open_hdf5, refuse_damage
from ingest.readers.hdf5.attributes import find_object, find_text, read_attributes
from ingest.readers.hdf5.tree import read_tree
from ingest.readers.header_json import to_json
from ingest.readers.refusals import refuse, warn
from ingest.readers.scan_shape import ScanLayout, decide_scan_layout
from ingest.readers.units import calibrated_axis
from repository.schema.findings import Finding

VERSION = "1"
ORIENTATION = "as stored in the file"
_ELECTRON_ENERGY = "photon_energy"  # its unit is eV, that of the voltage is V: the same number


@dataclass(slots=True)
class _Gathered:
    """What the files of one measurement say."""

    parts: list[Part] = field(default_factory=list)
    master: dict[str, Any] = field(default_factory=dict)
    stem: dict[str, Any] = field(default_factory=dict)
    promised: int | None = None
    per_trigger: int | None = None
    maps: PixelMaps = field(default_factory=PixelMaps)
    findings: list[Finding] = field(default_factory=list)

    @property
    def frames(self) -> int:
        return sum(part.count for part in self.parts)


def open_dectris(files: Mapping[str, Path], hints: ReadHints) -> OpenedFile:
    """Open a master with its data files and its STEM metadata, or data files alone.

    Raises
    ------
    ReadRefusedError
        `companion_missing`, `file_truncated`, `dectris_parts_differ`, or what keeps one of the files from being read.
    """
    primary = next(iter(files))
    with ExitStack() as checking:
        gathered = _gather(primary, files, checking)
    name = base_of(primary)
    gathered.findings += _check_count(gathered, name, hints)
    layout = _decide(gathered, name, hints)
    resources = ExitStack()
    frames = LinkedFrames(gathered.parts, OpenFiles(resources), layout.shape)
    rows, columns = gathered.parts[0].frame_shape
    axes = (*_calibrate(layout, gathered.stem), Axis("detector_y", rows), Axis("detector_x", columns))
    signal = SignalSource(
        name="data",
        shape=tuple(axis.size for axis in axes),
        dtype=frames.dtype,
        axes=axes,
        n_signal_axes=2,
        load=frames.load,
        intensity_unit="1",
        shape_origin=layout.origin,
        orientation=ORIENTATION,
        stored_block=frames.stored_block,
        dead_pixels=gathered.maps.dead,
    )
    return OpenedFile(
        format="dectris",
        reader_version=VERSION,
        signals=(signal, *gathered.maps.signals),
        header=to_json(_describe(gathered)),
        findings=(*gathered.findings, *layout.findings),
        resources=resources,
    )


def _describe(gathered: _Gathered) -> dict[str, Any]:
    """Return the header document; data files alone have none."""
    if not gathered.master and not gathered.stem:
        return {}
    counts = {"frames": gathered.frames, "data_files": len(gathered.parts)}
    return {"master": gathered.master, "stem": gathered.stem, **counts}


def _gather(primary: str, files: Mapping[str, Path], checking: ExitStack) -> _Gathered:
    """Read what the files say of the frames; all are closed again with `checking`."""
    gathered = _Gathered()
    data = dict(files)
    for name in list(data)[1:]:
        if DATA_NAME.fullmatch(base_of(name)):
            continue
        tree, odd = open_hdf5(data[name], checking)
        sidecar = find_object(tree, SIDECAR)
        if isinstance(sidecar, h5py.Group):
            with refuse_damage(data[name]):
                gathered.stem = _flatten(read_attributes(sidecar))
            gathered.findings += odd
            del data[name]
        tree.close()
    path = files[primary]
    tree, odd = open_hdf5(path, checking, own_links=OWN_LINKS)
    with refuse_damage(path):
        links = list_links(tree)
        if not links and isinstance(find_object(tree, FRAMES), h5py.Dataset):
            gathered.parts, told = check_parts(list_alone(data), None)
            gathered.findings += told
            return gathered
        gathered.findings += odd
        gathered.parts, told = check_parts(find_linked(links, primary=primary, files=data), tree)
        gathered.findings += told
        _read_master(tree, path, gathered)
    return gathered


def _read_master(tree: h5py.File, path: Path, gathered: _Gathered) -> None:
    entry = find_object(tree, "entry")
    gathered.master = read_tree(entry, leave_out={"/entry/data"})
    _add_units(entry, gathered.master)
    gathered.maps = read_pixel_maps(tree, path, gathered.parts[0].frame_shape)
    gathered.findings += gathered.maps.findings
    images, triggers = (_find_count(tree, f"{SPECIFIC}/{key}") for key in ("nimages", "ntrigger"))
    if images and triggers:
        gathered.promised, gathered.per_trigger = images * triggers, images


def _add_units(group: h5py.Group, values: dict[str, Any]) -> None:
    """Add the unit of each number beside it, as `<key>_units`."""
    for key in group:
        if not isinstance(group.get(key, getlink=True), h5py.HardLink) or key not in values:
            continue
        item, below = group[key], values[key]
        if isinstance(item, h5py.Group) and isinstance(below, dict):
            _add_units(item, below)
        elif isinstance(item, h5py.Dataset) and key != _ELECTRON_ENERGY and find_text(item, "units"):
            values.setdefault(f"{key}_units", find_text(item, "units"))


def _flatten(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Return numbers where the program wrote lists of one."""
    return {
        key: value[0].item() if getattr(value, "shape", None) == (1,) else value
        for key, value in attributes.items()
    }


def _find_count(tree: h5py.File, where: str) -> int | None:
    dataset = find_object(tree, where)
    if not isinstance(dataset, h5py.Dataset) or dataset.dtype.kind not in "iu" or dataset.size != 1:
        return None
    count = int(dataset[()].reshape(-1)[0])
    return count if 0 < count < 2**40 else None


def _check_count(gathered: _Gathered, name: str, hints: ReadHints) -> list[Finding]:
    """Compare the frames found with those that the master promises.

    Raises
    ------
    ReadRefusedError
        `file_truncated`, if there are fewer and the depositor did not say that this is the whole scan.
    """
    frames, promised = gathered.frames, gathered.promised
    if promised is None or promised == frames:
        return []
    confirmed = hints.scan_shape is not None and hints.scan_shape[0] * hints.scan_shape[1] == frames
    if frames < promised and not confirmed:
        raise refuse(
            "file_truncated",
            f"{name} is cut short: it tells of {promised} frames (nimages × ntrigger), its data files have {frames} "
            "frames.",
            "Upload all data files, whole. If the acquisition was stopped early, give scan_shape as "
            f"[rows, columns] with rows × columns = {frames}.",
        )
    return [
        warn(
            "frame_count_differs",
            f"The data files of {name} have {frames} frames where it says {promised}.",
            "Readers get what the master says of voltage and time, which may be of another scan. Check that the files "
            "belong together.",
        )
    ]


def _decide(gathered: _Gathered, name: str, hints: ReadHints) -> ScanLayout:
    """Return the scan shape: of the STEM metadata; else guessed from one trigger for each line; else asked."""
    rows, columns = (_as_size(gathered.stem.get(key)) for key in ("NumPixelsY", "NumPixelsX"))
    frames, per_trigger = gathered.frames, gathered.per_trigger or 0
    guess = None
    if 1 < per_trigger < frames and frames % per_trigger == 0:
        guess = (frames // per_trigger, per_trigger)
    in_file = (rows, columns) if rows and columns else None
    return decide_scan_layout(frames=frames, name=name, hints=hints, in_file=in_file, guess=guess)


def _as_size(value: Any) -> int | None:
    return (
        int(value) if isinstance(value, int | float) and 0 < value < 2**31 and value == int(value) else None
    )


def _calibrate(layout: ScanLayout, stem: Mapping[str, Any]) -> tuple[Axis, ...]:
    """Return the leading axes with the pixel size of the STEM metadata, in nm, where they are a scan."""
    step = stem.get("Pixel Size")
    if [axis.name for axis in layout.axes] != ["scan_y", "scan_x"] or not isinstance(step, int | float):
        return layout.axes
    if not step > 0:
        return layout.axes
    return tuple(calibrated_axis(axis.name, axis.size, unit="nm", scale=float(step)) for axis in layout.axes)
