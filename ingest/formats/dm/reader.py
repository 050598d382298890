"""DigitalMicrograph DM3 and DM4: one signal per image that is no thumbnail.

Header document: the tag tree under its own names, as RosettaSciIO has it, without thumbnails and page
layout. ``ImageList.TagGroup0`` belongs to the signal `data` and further groups to the others, as
``signals`` says: ``{"data": "TagGroup0", …}``. With ``T = ImageList.TagGroup0.ImageTags``:
``T.Microscope Info.{Voltage V, Probe Current (nA), Emission Current (µA), STEM Camera Length mm,
Illumination Mode, Imaging Mode, Name, Stage Position.Stage Alpha deg}``,
``T.EELS.Experimental Conditions.{Convergence semi-angle (mrad), Collection semi-angle (mrad)}``,
``T.DigiScan.{Sample Time µs, Rotation deg}``, ``T.Acquisition.Parameters.Detector.exposure (s)``,
``T.SI.Acquisition.Pixel time (s)``, ``T.DataBar.{Acquisition Date, Acquisition Time}`` (local text),
``T.DataBar.Acquisition Time (OS)`` (FILETIME), ``T.Session Info.{Microscope, Operator, Specimen}``,
``T.GMS Version.Created``, ``T.Meta Data.{Format, Signal}``.

Orientation: the scan comes first. Spectrum images and older 4D files are stored signal first; they are
transposed while reading, which is said in each signal's orientation. Values are given as stored: the brightness
calibration of the file is not applied, so its unit is that of the values only where it would not change them. Colors
have one more axis, the last: red, green, blue, opacity. The file packs them into 32 bits with blue lowest. Of a Fourier
transform the file keeps the half that begins with the column of zero frequency, ``n // 2 + 1`` columns of n.
"""

import math
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ingest.formats.dm.images import COLOR_AXIS, FOLDED, ArrayPlan, DmImage, find_contradiction, plan_array
from ingest.formats.dm.tags import DataBlock, read_tags
from ingest.readers.companions import base_of
from ingest.readers.contract import (
    Axis,
    OpenedFile,
    ReadHints,
    ReadRefusedError,
    Region,
    ShapeOrigin,
    SignalSource,
)
from ingest.readers.framed_bytes import FramedBytes, FramePart, ImageRows, open_part
from ingest.readers.header_json import to_json
from ingest.readers.implausible_scales import tell_unknown_units
from ingest.readers.refusals import UPLOAD_AGAIN, decline, implausible, refuse, tell, warn
from ingest.readers.scan_shape import decide_scan_layout
from ingest.readers.signal_names import name_signals
from ingest.readers.transposed_bytes import TransposedBytes
from ingest.readers.units import intensity_unit
from repository.schema.findings import Finding

VERSION = "1"
_LITTLE, _BIG = (2, 1, 0, 3), (1, 2, 3, 0)
"""Where red, green, blue and opacity stand among the four bytes of a pixel, by the byte order of the file."""
# Page layout, thumbnails and window positions: large, and nothing of the experiment.
_DROPPED = {"DocumentObjectList", "Thumbnails", "ImageList", "Page Behavior", "PageSetup", "SentinelList"}


def _list_images(tree: Mapping[str, Any], name: str) -> tuple[list[DmImage], list[Finding]]:
    """Return the images that are no thumbnails; what is called one and holds measured values is none."""
    thumbnails = tree.get("Thumbnails")
    hidden = set()
    if isinstance(thumbnails, Mapping):
        hidden = {f"TagGroup{t.get('ImageIndex')}" for t in thumbnails.values() if isinstance(t, Mapping)}
    entries = tree.get("ImageList")
    images: list[DmImage] = []
    findings: list[Finding] = []
    for key, tags in entries.items() if isinstance(entries, Mapping) else ():
        if not isinstance(tags, Mapping):
            findings.append(implausible(f"{key} of the list of images in {name} is no image."))
            continue
        image = DmImage(tags)
        if key in hidden and image.is_picture:
            continue
        if key in hidden:
            message = f"{name} calls {image.title or key} a thumbnail, but it holds values; it is read."
            findings.append(
                warn(
                    "dm_thumbnail_holds_values",
                    message,
                    "Readers get it as an image of its own. Compare it with the original.",
                )
            )
        images.append(image)
    return images, findings


def _why_not(image: DmImage, plan: ArrayPlan | None, name: str) -> ReadRefusedError | None:
    """Return the refusal of an image that makes no signal."""
    title = image.title or "image"
    if image.data_type in FOLDED:
        message = (
            f"{title} in {name} is a Fourier transform, folded as the first versions of the program wrote it."
        )
        return decline("packed_fft_not_read", message)
    if image.stored_dtype is None or image.data is None:
        return decline("dm_type_not_read", f"{title} in {name} has values of type {image.data_type}.")
    if plan is None and image.is_picture:
        return decline("color_image_not_read", f"{title} in {name} holds colors that make no picture.")
    if plan is None:
        return decline("dm_dimensions_not_read", f"{title} in {name} has {len(image.dimensions)} dimensions.")
    if image.declared_bytes != image.data.nbytes or image.declared_bytes == 0:
        return refuse(
            "declared_size_implausible",
            f"{title} in {name} declares {image.declared_bytes} bytes and holds {image.data.nbytes}.",
            UPLOAD_AGAIN,
        )
    return None


def _orient(image: DmImage, plan: ArrayPlan) -> str:
    if image.is_half:
        return "as stored: the half of a Fourier transform, from zero frequency on; the other half is its conjugate"
    if plan.order == tuple(sorted(plan.order)):
        return "as stored in the file"
    return "stored signal first in the file, transposed to scan first; rows and columns as in the file"


def _fold(
    axes: tuple[Axis, ...], plan: ArrayPlan, name: str, hints: ReadHints
) -> tuple[tuple[Axis, ...], ShapeOrigin, list[Finding]]:
    """Give a run of frames the scan shape that the depositor knows."""
    leading = axes[0]
    if not plan.is_frames or (leading.name != "position" and not hints.scan_shape and not hints.frame_axis):
        return axes, "file", []
    layout = decide_scan_layout(frames=leading.size, name=name, hints=hints)
    return (*layout.axes, *axes[1:]), layout.origin, list(layout.findings)


def _choose_access(
    image: DmImage, plan: ArrayPlan, part: FramePart, leading: tuple[int, ...], signal: tuple[int, ...]
) -> tuple[Callable[[Region], npt.NDArray[Any]], dict[str, Any]]:
    """Return what reads regions of the array, and how it is read by channels where it can be."""
    dtype = image.stored_dtype
    if dtype is None:
        raise TypeError(image.title)
    native = dtype.newbyteorder("=")
    if plan.samples > 1:
        places = _LITTLE if image.data is None or image.data.byte_order == "<" else _BIG
        pixels = FramedBytes(
            [part], math.prod(signal), signal, native, lambda raw: raw.reshape(-1, *signal)[..., places]
        )
        return partial(pixels.load, leading=leading), {}
    if plan.order != tuple(sorted(plan.order)):
        turned = TransposedBytes(part, leading, signal, dtype)
        return turned.load, {"stored_block": turned.stored_block, "load_channels": turned.load_channels}
    stride = int(np.prod(signal)) * dtype.itemsize
    store = FramedBytes([part], stride, signal, native, lambda raw: raw.view(dtype).reshape(-1, *signal))
    load = partial(store.load, leading=leading)
    if leading or len(signal) != 2:  # noqa: PLR2004 - one image
        return load, {}
    rows = ImageRows(part, (signal[0], signal[1]), dtype)
    return load, {"stored_block": rows.stored_block, "load_channels": rows.load_channels}


def _build_signal(
    image: DmImage, plan: ArrayPlan, part: FramePart, *, name: str, file: str, hints: ReadHints
) -> tuple[SignalSource, list[Finding]]:
    dtype = image.stored_dtype
    if dtype is None:
        raise TypeError(name)
    axes = tuple(image.dimensions[i].as_axis(n) for i, n in zip(plan.order, plan.names, strict=True))
    axes, origin, findings = _fold(axes, plan, file, hints)
    n_signal_axes = plan.n_signal_axes
    if plan.samples > 1:
        axes, n_signal_axes = (*axes, Axis(COLOR_AXIS, plan.samples)), n_signal_axes + 1
    shape = tuple(axis.size for axis in axes)
    leading, signal = shape[:-n_signal_axes], shape[-n_signal_axes:]
    native = dtype.newbyteorder("=")
    if plan.samples > 1:
        message = f"{image.title or 'An image'} in {file} is a picture in colors, not measured values."
        findings.append(
            tell("color_picture", message, "Upload the measured values as well, if there are any.")
        )
    load, by_channel = _choose_access(image, plan, part, leading, signal)
    source = SignalSource(
        name=name,
        shape=shape,
        dtype=native,
        axes=axes,
        n_signal_axes=n_signal_axes,
        load=load,
        title=image.title,
        intensity_unit=intensity_unit(image.stored_unit),
        shape_origin=origin,
        orientation=_orient(image, plan),
        **by_channel,
    )
    return source, [
        *findings,
        *_tell_contradiction(image, plan, file),
        *tell_unknown_units((d.unit for d in image.dimensions), file),
    ]


def _tell_contradiction(image: DmImage, plan: ArrayPlan, file: str) -> list[Finding]:
    reason = find_contradiction(image, plan)
    if not reason:
        return []
    return [
        warn(
            "dm_axes_contradicted",
            f"Which axes of {image.title or 'an image'} in {file} are those of the scan is not clear: {reason}.",
            "Look at its picture. Where axes are exchanged, the header of this file is damaged: upload the original.",
        )
    ]


def _without_blocks(tags: Any) -> Any:
    """Return tags with the places of image data left out."""
    if isinstance(tags, Mapping):
        return {
            key: _without_blocks(value) for key, value in tags.items() if not isinstance(value, DataBlock)
        }
    return tags


def _build_header(tree: Mapping[str, Any], images: list[DmImage], names: list[str]) -> dict[str, Any]:
    """Return the tags with `data` as TagGroup0."""
    ordered = sorted(zip(names, images, strict=True), key=lambda pair: pair[0] != "data")
    header: dict[str, Any] = {key: value for key, value in tree.items() if key not in _DROPPED}
    header["ImageList"] = {
        f"TagGroup{i}": _without_blocks(image.tags) for i, (_, image) in enumerate(ordered)
    }
    header["signals"] = {name: f"TagGroup{i}" for i, (name, _) in enumerate(ordered)}
    cleaned: dict[str, Any] = to_json(_without_blocks(header))
    return cleaned


def open_dm(files: Mapping[str, Path], hints: ReadHints) -> OpenedFile:
    """Open a DM3 or DM4 file."""
    primary, path = next(iter(files.items()))
    file = base_of(primary)
    tree = read_tags(path)
    images: list[tuple[DmImage, ArrayPlan]] = []
    refusals: list[ReadRefusedError] = []
    listed, odd = _list_images(tree.tags, file)
    for image in listed:
        plan = plan_array(image)
        refusal = _why_not(image, plan, file)
        if refusal is not None:
            refusals.append(refusal)
        elif plan is not None:
            images.append((image, plan))
    if not images:
        raise (
            refusals[0] if refusals else decline("no_array_found", f"{file} holds no image but a thumbnail.")
        )
    names = name_signals(
        [image.title for image, _ in images],
        # A picture in colors stands behind what was measured.
        [(0 if image.is_picture else len(plan.order), image.declared_bytes) for image, plan in images],
    )
    resources = ExitStack()
    kept = "Readers see the other images; this one is in the file alone."
    findings = [*tree.findings, *odd]
    findings += [warn(error.finding.code, error.finding.message, kept) for error in refusals]
    signals = []
    for name, (image, plan) in zip(names, images, strict=True):
        block = image.data
        if block is None:
            continue
        part = open_part(resources, path, offset=block.offset, count=_count_frames(image, plan))
        source, found = _build_signal(image, plan, part, name=name, file=file, hints=hints)
        signals.append(source)
        findings.extend(found)
    signals.sort(key=lambda signal: signal.name != "data")
    return OpenedFile(
        format=f"dm{tree.version}",
        reader_version=VERSION,
        signals=tuple(signals),
        header=_build_header(tree.tags, [image for image, _ in images], names),
        findings=tuple(findings),
        resources=resources,
    )


def _count_frames(image: DmImage, plan: ArrayPlan) -> int:
    sizes = [image.dimensions[i].size for i in plan.order]
    return int(np.prod(sizes[: -plan.n_signal_axes]))
