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
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class _Series:
    """One series that was read, with what is known of it."""

    file: str
    emi: Mapping[str, Any]
    header: SerHeader
    raw: Mapping[str, Any]
    arranged: Arranged

    @property
    def findings(self) -> list[Finding]:
        found = list(self.arranged.findings)
        if self.header.recorded < self.header.promised:
            is_map = len(self.header.dimensions) > 1
            rest = "the rest of the map is filled up" if is_map else "only those are read"
            counts = f"{self.header.recorded} of {self.header.promised} elements"
            message = f"{self.file} was stopped after {counts}; {rest}."
            found.append(
                warn(
                    "series_stopped_early",
                    message,
                    "Readers get what was recorded until then. Say in the notes why it ended, if it matters.",
                )
            )
        return found

    def describe(self) -> dict[str, Any]:
        return {"file": self.file, "emi": self.emi, "ser": self.raw.get("ser_header_parameters", {})}


def _read_one(path: Path, name: str, emi: Mapping[str, Any], hints: ReadHints) -> _Series:
    header = read_series_header(path)
    (array, *_) = read_with_plugin(PLUGIN, path, declared_bytes=header.declared_bytes, function="ser_reader")
    arranged = arrange(header, array, emi, name=name, hints=hints)
    return _Series(name, emi, header, array.header, arranged)


def _read_all(files: Mapping[str, Path], hints: ReadHints) -> tuple[list[_Series], list[ReadRefusedError]]:
    descriptions = [name for name in files if name.lower().endswith(".emi")]
    names = [name for name in files if name not in descriptions]
    objects = read_objects(files[descriptions[0]]) if descriptions else []
    described = match_objects(objects, [split_number(name)[1] for name in names])
    read: list[_Series] = []
    refused: list[ReadRefusedError] = []
    for name, emi in zip(names, described, strict=True):
        try:
            read.append(_read_one(files[name], base_of(name), emi, hints))
        except ReadRefusedError as error:
            refused.append(error)
    return read, refused


def _build_signal(name: str, series: _Series) -> SignalSource:
    values = series.arranged.values
    return SignalSource(
        name=name,
        shape=values.shape,
        dtype=values.dtype.newbyteorder("="),
        axes=series.arranged.axes,
        n_signal_axes=series.arranged.n_signal_axes,
        load=lambda region: values[region],
        shape_origin=series.arranged.origin,
        orientation=UPRIGHT if series.header.kind == IMAGES else AS_STORED,
    )


def open_tia(files: Mapping[str, Path], hints: ReadHints) -> OpenedFile:
    """Open the series of one acquisition; one that cannot be read is told, where others can."""
    read, refused = _read_all(files, hints)
    if not read:
        raise refused[0]
    sizes = [(series.arranged.values.ndim, series.arranged.values.nbytes) for series in read]
    names = name_signals([f"series_{split_number(series.file)[1]}" for series in read], sizes)
    named = dict(zip(names, read, strict=True))
    signals = [_build_signal(name, series) for name, series in named.items()]
    signals.sort(key=lambda signal: signal.name != "data")
    described = {name: series.describe() for name, series in named.items()}
    main = described["data"]
    told = [
        tell(error.finding.code, error.finding.message, "The other series are read.") for error in refused
    ]
    return OpenedFile(
        format="tia",
        reader_version=VERSION,
        signals=tuple(signals),
        header=to_json({"emi": main["emi"], "ser": main["ser"], "signals": described}),
        findings=(*told, *(finding for series in read for finding in series.findings)),
    )
