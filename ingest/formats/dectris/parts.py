"""The frames that a master links to, or that data files hold: each file is checked before any of it is read."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import h5py

from ingest.formats.dectris.frames import Part
from ingest.formats.dectris.links import FRAMES, Link, check_data_name
from ingest.readers.companions import base_of, find_beside
from ingest.readers.hdf5.access import open_hdf5, refuse_damage
from ingest.readers.hdf5.attributes import find_object, plain
from ingest.readers.hdf5.source import check_dataset
from ingest.readers.refusals import UPLOAD_AGAIN, decline, refuse, warn
from repository.schema.findings import Finding

_RANK = 3  # frames, detector_y, detector_x
_NAMED = 5


def find_linked(links: Sequence[Link], *, primary: str, files: Mapping[str, Path]) -> list[tuple[Path, str]]:
    """Return file and path in it of each part of a master.

    Raises
    ------
    ReadRefusedError
        `companion_missing` that names what was not uploaded, `path_inside_file` or `hdf5_external_link`.
    """
    found, missing = [], []
    for link in links:
        if not link.name:
            found.append((files[primary], link.path))
            continue
        wanted = check_data_name(link.name, inside=base_of(primary))
        path = find_beside(wanted, primary=primary, files=files)
        if path is None:
            missing.append(wanted)
        else:
            found.append((files[path], link.path))
    if missing:
        more = f" and {len(missing) - _NAMED} more" if len(missing) > _NAMED else ""
        raise refuse(
            "companion_missing",
            f"{base_of(primary)} links to {len(links)} data files; {', '.join(missing[:_NAMED])}{more} "
            f"{'was' if len(missing) == 1 else 'were'} not uploaded into the same folder.",
            "Upload what is missing beside it, under the names that the detector gave.",
        )
    if not found:
        raise decline("no_array_found", f"{base_of(primary)} links to no frames.")
    return found


def check_parts(
    places: Sequence[tuple[Path, str]], master: h5py.File | None
) -> tuple[list[Part], list[Finding]]:
    """Return what each part holds, in the given order.

    Raises
    ------
    ReadRefusedError
        What keeps a file from being read, or `dectris_parts_differ`.
    """
    parts: list[Part] = []
    findings: list[Finding] = []
    for path, where in places:
        with ExitStack() as resources:
            tree = master
            if tree is None or Path(tree.filename) != path:
                tree, odd = open_hdf5(path, resources)
                findings += odd
            with refuse_damage(path):
                part, told = _check_part(tree, path, where)
        parts.append(part)
        findings += told
    first = parts[0]
    for part in parts:
        if (part.frame_shape, part.dtype) != (first.frame_shape, first.dtype):
            raise refuse(
                "dectris_parts_differ",
                f"{part.path.name} has frames of {_show(part)}, {first.path.name} of {_show(first)}: no parts of one "
                "run.",
                "Upload each acquisition into a folder of its own.",
            )
    return parts, [*_shorten(findings), *_tell_jumps(parts)]


def _shorten(findings: Sequence[Finding]) -> list[Finding]:
    """Return the first few findings of each kind, and one that counts the rest: a thousand files say the same."""
    kept: list[Finding] = []
    for code in dict.fromkeys(finding.code for finding in findings):
        alike = [finding for finding in findings if finding.code == code]
        kept += alike[:_NAMED]
        if len(alike) > _NAMED:
            rest = f"{len(alike) - _NAMED} more data files say the same as {alike[0].message}"
            kept.append(replace(alike[0], message=rest))
    return kept


def list_alone(files: Mapping[str, Path]) -> list[tuple[Path, str]]:
    """Return the places of frames in data files without a master, in the given order."""
    return [(path, f"/{FRAMES}") for path in files.values()]


def _show(part: Part) -> str:
    return f"{part.frame_shape[0]} × {part.frame_shape[1]} {part.dtype.name}"


def _check_part(tree: h5py.File, path: Path, where: str) -> tuple[Part, list[Finding]]:
    dataset = find_object(tree, where.strip("/"))
    if not isinstance(dataset, h5py.Dataset):
        raise refuse(
            "dectris_frames_missing",
            f"{path.name} has no frames at {where}, where its master file says.",
            UPLOAD_AGAIN,
        )
    if dataset.dtype.kind not in "iu" or dataset.ndim != _RANK:
        raise decline(
            "dectris_frames_unexpected",
            f"{where} in {path.name} holds {dataset.dtype} of shape {dataset.shape}; frames are whole numbers, "
            "one after another.",
        )
    findings = check_dataset(dataset, where=where, name=path.name)
    count, rows, columns = (int(size) for size in dataset.shape)
    numbers = _find_numbers(dataset)
    if numbers is not None and numbers[1] - numbers[0] + 1 > count:
        raise refuse(
            "file_truncated",
            f"{path.name} is cut short: its header tells of the frames {numbers[0]} to {numbers[1]}, the file has "
            f"{count} frames.",
            UPLOAD_AGAIN,
        )
    chunk = int(dataset.chunks[0]) if dataset.chunks else 1
    return Part(path, where, count, (rows, columns), dataset.dtype, chunk, numbers), findings


def _find_numbers(dataset: h5py.Dataset) -> tuple[int, int] | None:
    """Return the numbers of the first and the last frame; None where they are not told or make no run."""
    found = [plain(dataset.attrs.get(f"image_nr_{end}")) for end in ("low", "high")]
    if not all(isinstance(number, int) and 0 <= number < 2**40 for number in found):
        return None
    return (found[0], found[1]) if found[0] <= found[1] else None


def _tell_jumps(parts: Sequence[Part]) -> list[Finding]:
    """Warn where the frames of one file do not follow those of the file before."""
    for before, after in pairwise(parts):
        if before.numbers is None or after.numbers is None or after.numbers[0] == before.numbers[1] + 1:
            continue
        return [
            warn(
                "frame_numbers_jump",
                f"{before.path.name} ends with frame {before.numbers[1]}, and {after.path.name} begins with "
                f"{after.numbers[0]}.",
                "Readers would see a part of the scan shifted, if a file is missing or out of order. Check that all "
                "data files are there.",
            )
        ]
    return []
