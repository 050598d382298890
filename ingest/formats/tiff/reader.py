"""TIFF: pages of any program, read by their directories; RosettaSciIO and tifffile are not asked.

Header document: ``{"tiff": {…}, "program": "…", <root>: {…}}``. ``tiff`` has what the standard's tags say of the first
page: ``kind``, ``byte_order``, ``pages``, ``shape``, ``bits``, ``compression``, ``photometric``, ``description``,
``make``, ``model``, ``software``, ``date_time``, ``author``, ``host_computer``, ``resolution``, ``resolution_unit``.
``program`` names product and program. The root is that of its words: ``fei``, ``fei_tem``, ``zeiss``, ``tvips``,
``jeol``, ``olympus``, ``hamamatsu``, ``gatan``, ``imagej``, ``ome``, ``micromanager``, ``metamorph``, ``tifffile``;
units are those of the program (`scanned`, `transmission`, `tvips` and `desktop` have them).

Equal pages are one signal and others stand apart; copies (levels of a pyramid, thumbnails, masks) are no data.
Orientation: as stored, first row first; equal to tifffile. Colors have one more axis, the last.
"""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

from ingest.formats.tiff.arranging import Arranged, arrange_series, arrange_stack, describe_first
from ingest.formats.tiff.ome import OmeSet, parse_ome
from ingest.formats.tiff.ome_pages import arrange_ome
from ingest.formats.tiff.page import Page, Tag
from ingest.formats.tiff.pages import TiffPages, read_pages, tell_unaccounted
from ingest.formats.tiff.programs import ask_programs
from ingest.formats.tiff.told import Told
from ingest.readers.companions import base_of
from ingest.readers.contract import OpenedFile, ReadHints, SignalSource
from ingest.readers.header_json import to_json
from ingest.readers.implausible_scales import tell_unknown_units
from ingest.readers.refusals import tell, warn
from ingest.readers.signal_names import name_signals
from ingest.readers.units import intensity_unit
from repository.schema.findings import Finding

VERSION = "1"
ORIENTATION = "as stored in the file, first row first"


def open_tiff(files: Mapping[str, Path], hints: ReadHints) -> OpenedFile:
    """Open a TIFF file, an OME set, or a numbered run of files with one frame each."""
    primary = next(iter(files))
    name = base_of(primary)
    own = read_pages(files[primary])
    ome = parse_ome(own.first.text(Tag.DESCRIPTION), inside=name)
    tolds = [ask_programs(stack.first, stack.pages[0]) for stack in own.stacks]
    told = next((one for one in tolds if one.root), Told("", "", {}))
    if ome is not None and ome.pictures:
        arranged = arrange_ome(ome, files, own, hints)
        told = Told("OME-TIFF", "ome", ome.values)
    elif len(files) > 1:
        opened = [own, *(read_pages(path) for path in list(files.values())[1:])]
        arranged = arrange_series(opened, told, hints, name=name)
    else:
        arranged = [
            arrange_stack(stack, one, name=name, hints=hints)
            for stack, one in zip(own.stacks, tolds, strict=True)
        ]
    claimed = max(one.claimed for one in arranged)
    return OpenedFile(
        format="tiff",
        reader_version=VERSION,
        signals=_build_signals(arranged),
        header=to_json(_build_header(own, own.stacks[0].pages[0], told)),
        findings=(
            *(finding for one in arranged for finding in one.findings),
            *_tell_pages(own, ome),
            *tell_unaccounted(own, claimed),
            *tell_unknown_units(told.units, name),
        ),
        resources=ExitStack(),
    )


def _build_header(own: TiffPages, page: Page, told: Told) -> dict[str, Any]:
    standard = describe_first(own, page)
    if told.root in {"jeol", "imagej", "ome", "tifffile", "hamamatsu"}:
        standard.pop("description")  # said below in its parts
    return {"tiff": standard, "program": told.program} | ({told.root: told.values} if told.root else {})


def _build_signals(arranged: Sequence[Arranged]) -> tuple[SignalSource, ...]:
    names = name_signals([one.title for one in arranged], [one.rank for one in arranged])
    signals = [_build_signal(name, one) for name, one in zip(names, arranged, strict=True)]
    return tuple(sorted(signals, key=lambda signal: signal.name != "data"))


def _build_signal(name: str, one: Arranged) -> SignalSource:
    frames = one.frames
    by_channel: dict[str, Any] = {}
    if not one.leading:
        by_channel = {"stored_block": frames.stored_block, "load_channels": frames.load_channels}
    return SignalSource(
        name=name,
        shape=tuple(axis.size for axis in one.axes),
        dtype=frames.dtype,
        axes=one.axes,
        n_signal_axes=one.n_signal_axes,
        load=partial(frames.load, leading=one.leading),
        intensity_unit=intensity_unit(one.intensity_unit),
        shape_origin=one.origin,
        orientation=ORIENTATION,
        **by_channel,
    )


def _tell_pages(own: TiffPages, ome: OmeSet | None) -> list[Finding]:
    """Say which pages are not among the signals, and why."""
    name = own.path.name
    found = [
        tell(error.finding.code, error.finding.message, "The other pages are read.")
        for error in list(own.refused.values())[:8]
    ]
    if own.copies:
        message = f"{len(own.copies)} pages of {name} are smaller copies or masks of another, and not taken for data."
        found.append(tell("tiff_copies_not_read", message))
    if Tag.SUB_DIRECTORIES in own.first:
        message = f"{name} holds smaller copies beside its pages (SubIFDs), which are not taken for data."
        found.append(tell("tiff_copies_not_read", message))
    if ome is not None and ome.described_in:
        message = f"{name} is described by {ome.described_in}, which is not read: its pages are taken as they follow."
        found.append(
            warn(
                "ome_description_elsewhere",
                message,
                "Readers do not learn what the pages follow. Give series and steps yourself.",
            )
        )
    if ome is not None and ome.pictures and not ome.files:
        planes = sum(len(picture.planes) for picture in ome.pictures)
        if len(own.pages) > planes:
            message = f"{name} has {len(own.pages)} pages and describes {planes} of them."
            found.append(
                warn(
                    "ome_pages_not_told",
                    message,
                    "Readers may miss planes, or see others than were meant. Compare their number with the original.",
                )
            )
    return found
