"""TIA: the series of one acquisition (SER), read by RosettaSciIO, with their description (EMI), read by us.

Header document: ``{"emi": {…}, "ser": {…}, "signals": {…}}``. ``emi`` is what is known of the signal `data`:
``ExperimentalDescription.{High tension_kV, Camera length_m, Stem rotation_deg, Stage A_deg, Stage X_um, Mode,
Microscope, User, …}``, ``AcquireInfo.{DwellTimePath s, CameraNamePath, IntegrationTime s}``, ``AcquireDate`` (local,
no zone), ``Manufacturer``; ``{}`` without an emi. ``ser`` is the header of its series; ``signals`` has the same for
every signal, with ``file``.

Orientation: images as RosettaSciIO gives them and TIA shows them: the file stores the lowest row first. The library
reads a whole series into memory, so one of more than 1 GiB is refused before it is tried.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ingest.formats.rosettasciio import read_with_plugin
from ingest.formats.tia.companions import split_number
from ingest.formats.tia.description import match_objects, read_objects
from ingest.formats.tia.roles import Arranged, arrange
from ingest.formats.tia.series import IMAGES, SerHeader, read_series_header
from ingest.readers.companions import base_of
from ingest.readers.contract import OpenedFile, ReadHints, ReadRefusedError, SignalSource
from ingest.readers.header_json import to_json
from ingest.readers.refusals import tell, warn
from ingest.readers.signal_names import name_signals
from repository.schema.findings import Finding

VERSION = "1"
PLUGIN = "tia"
UPRIGHT = (
    "rows from top to bottom as TIA shows them, equal to RosettaSciIO; the file stores the lowest row first"
)
AS_STORED = "as stored in the file"


def _read_one(
    path: Path, emi: Mapping[str, Any], hints: ReadHints
) -> tuple[SerHeader, Arranged, Mapping[str, Any]]:
    header = read_series_header(path)
    (array, *_) = read_with_plugin(PLUGIN, path, declared_bytes=header.declared_bytes, function="ser_reader")
    return header, arrange(header, array, emi, name=path.name, hints=hints), array.header


def _tell_stopped(header: SerHeader, name: str) -> list[Finding]:
    if header.recorded == header.promised:
        return []
    is_map = len(header.dimensions) > 1
    rest = "the rest of the map is filled with zeros" if is_map else "only those are read"
    message = f"{name} was stopped after {header.recorded} of {header.promised} elements; {rest}."
    return [warn("series_stopped_early", message, "Say so in the notes, if it matters.")]


def _build_signal(name: str, header: SerHeader, arranged: Arranged) -> SignalSource:
    values = arranged.values
    return SignalSource(
        name=name,
        shape=values.shape,
        dtype=values.dtype.newbyteorder("="),
        axes=arranged.axes,
        n_signal_axes=arranged.n_signal_axes,
        load=lambda region: values[region],
        shape_origin=arranged.origin,
        orientation=UPRIGHT if header.kind == IMAGES else AS_STORED,
    )


def open_tia(files: Mapping[str, Path], hints: ReadHints) -> OpenedFile:
    """Open the series of one acquisition; one that cannot be read is told, where others can."""
    descriptions = [name for name in files if name.lower().endswith(".emi")]
    names = [name for name in files if name not in descriptions]
    objects = read_objects(files[descriptions[0]]) if descriptions else []
    described = match_objects(objects, [split_number(name)[1] for name in names])
    read: list[tuple[str, Mapping[str, Any], tuple[SerHeader, Arranged, Mapping[str, Any]]]] = []
    findings: list[Finding] = []
    refused: list[ReadRefusedError] = []
    for name, emi in zip(names, described, strict=True):
        try:
            read.append((base_of(name), emi, _read_one(files[name], emi, hints)))
        except ReadRefusedError as error:
            refused.append(error)
    if not read:
        raise refused[0]
    findings.extend(
        tell(error.finding.code, error.finding.message, "The other series are read.") for error in refused
    )
    sizes = [(arranged.values.ndim, arranged.values.nbytes) for _, _, (_, arranged, _) in read]
    signals, header = [], {}
    for signal, (file, emi, (series, arranged, raw)) in zip(
        name_signals([f"series_{split_number(file)[1]}" for file, _, _ in read], sizes), read, strict=True
    ):
        signals.append(_build_signal(signal, series, arranged))
        header[signal] = {"file": file, "emi": emi, "ser": raw.get("ser_header_parameters", {})}
        findings += [*_tell_stopped(series, file), *arranged.findings]
    signals.sort(key=lambda signal: signal.name != "data")
    main = header["data"]
    return OpenedFile(
        format="tia",
        reader_version=VERSION,
        signals=tuple(signals),
        header=to_json({"emi": main["emi"], "ser": main["ser"], "signals": header}),
        findings=tuple(findings),
    )
