"""Velox EMD: everything that one acquisition recorded, images, spectra and maps, each as a signal of its own.

Header document: ``{"version": …, "velox": {…}, "signals": {name: {…}}}``. ``velox`` is Velox's own JSON of the signal
`data`, ``signals`` has for each signal ``path``, ``kind``, ``label``, ``detector`` (its entry of ``Detectors``) and
what of its JSON differs from signal to signal (``BinaryResult``, ``Scan``, ``Acquisition``, ``acquisition``). Numbers
are texts in SI units, as written: `Optics.AccelerationVoltage` V, `Optics.BeamConvergence` rad, `Scan.DwellTime` s.

Signals: images (scan_y, scan_x), (y, x) or (detector_y, detector_x) by mode and unit, stacks with `time` first;
spectra (energy,) of each X-ray detector; EELS maps and EDS maps (scan_y, scan_x, energy). An EDS map is the sum of
the events of all detectors over all frames. Orientation: as stored, equal to RosettaSciIO; half of a Fourier transform
is given as the half that is stored.
"""

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

import h5py

from ingest.formats.velox.images import plan_image, plan_spectrum
from ingest.formats.velox.maps import plan_eds_map, plan_eels_map
from ingest.formats.velox.planned import Planned
from ingest.formats.velox.recognition import read_version
from ingest.formats.velox.tree import list_records
from ingest.readers.contract import OpenedFile, ReadHints, ReadRefusedError, SignalSource
from ingest.readers.hdf5.access import open_hdf5, refuse_damage
from ingest.readers.hdf5.unread import tell_unread
from ingest.readers.header_json import to_json
from ingest.readers.refusals import decline, warn
from ingest.readers.signal_names import name_signals
from repository.schema.findings import Finding

VERSION = "1"
_KINDS = ("Image", "EelsSpectrumImage", "Spectrum", "SpectrumStream", "SpectrumImage")


def open_velox(files: Mapping[str, Path], hints: ReadHints) -> OpenedFile:  # noqa: ARG001 - the file says its shapes
    """Open a Velox EMD file.

    Raises
    ------
    ReadRefusedError
        `no_array_found`, or what keeps the only array from being read.
    """
    path = next(iter(files.values()))
    resources = ExitStack()
    file, odd = open_hdf5(path, resources)
    with refuse_damage(path):
        planned, refusals = _plan_all(file, path)
        if not planned:
            raise (
                refusals[0]
                if refusals
                else decline("no_array_found", f"{path.name} holds no image or spectrum.")
            )
        names = name_signals([plan.title for plan in planned], [plan.size for plan in planned])
        named = dict(sorted(zip(names, planned, strict=True), key=lambda pair: pair[0] != "data"))
        kept = "It is kept in the file; the others are read."
        findings = [
            *odd,
            *(warn(error.finding.code, error.finding.message, kept) for error in refusals),
            *(finding for plan in named.values() for finding in plan.findings),
            *_tell_pruned(file, path.name, planned),
            *tell_unread(file, read=[f"/Data/{kind}" for kind in _KINDS], name=path.name),
        ]
        header = {
            "version": read_version(file),
            "velox": named["data"].record.metadata,
            "signals": {name: plan.describe() for name, plan in named.items()},
        }
    signals = tuple(_build_signal(name, plan) for name, plan in named.items())
    return OpenedFile("velox_emd", VERSION, signals, to_json(header), tuple(findings), resources)


def _build_signal(name: str, plan: Planned) -> SignalSource:
    return SignalSource(
        name=name,
        shape=tuple(axis.size for axis in plan.axes),
        dtype=plan.dtype,
        axes=plan.axes,
        n_signal_axes=plan.n_signal_axes,
        load=plan.load,
        title=plan.record.title,
        intensity_unit=plan.unit,
        orientation=plan.orientation,
        stored_block=plan.stored_block,
    )


def _plan_all(file: h5py.File, path: Path) -> tuple[list[Planned], list[ReadRefusedError]]:
    planned: list[Planned] = []
    refusals: list[ReadRefusedError] = []
    for kind, plan in (
        ("Image", plan_image),
        ("EelsSpectrumImage", plan_eels_map),
        ("Spectrum", plan_spectrum),
    ):
        for record in list_records(file, kind, path.name):
            try:
                planned.append(plan(record, path))
            except ReadRefusedError as error:
                refusals.append(error)
    try:
        planned.extend(plan_eds_map(list(list_records(file, "SpectrumStream", path.name)), planned, path))
    except ReadRefusedError as error:
        refusals.append(error)
    return planned, refusals


def _tell_pruned(file: h5py.File, name: str, planned: list[Planned]) -> list[Finding]:
    """Tell of a map whose events are gone: Velox keeps its own picture of them, which nobody else can read."""
    if any(plan.record.kind == "SpectrumStream" for plan in planned):
        return []
    if not any(list_records(file, "SpectrumImage", name)):
        return []
    message = f"{name} has an EDS map without the stream of its events: it was pruned when it was saved."
    hint = "Images and spectra are read. Upload the file that was not pruned, if it was kept."
    return [warn("velox_map_pruned", message, hint)]
