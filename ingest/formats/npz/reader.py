"""NumPy's npz: npy arrays in one ZIP, of which every larger one becomes a signal of one measurement.

Header document: ``{"npz": {"arrays": {name: {"version", "descr", "fortran_order", "shape"}}, "values": {name: …}}}``;
``values`` are numbers, short lists and texts that lie beside the data.

Signals: `data` is the array with the most axes, among these the largest, or the one that a person named under
`array.dataset`; the others are called by their names in the file. Members of numpy.savez are read in place, those of
numpy.savez_compressed from begin to end, or from a place that was kept.
"""

import math
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ingest.readers.bare_arrays import (
    MOST_SIGNALS,
    SHORT,
    BareArray,
    build_signals,
    find_main,
)
from ingest.readers.contract import OpenedFile, ReadHints, ReadRefusedError
from ingest.readers.header_json import to_json
from ingest.readers.npy_header import HEAD_BYTES, NpyHeader, measure_header, parse_header, read_type
from ingest.readers.refusals import decline, refuse, tell, warn
from ingest.readers.strided_bytes import StridedBytes
from ingest.readers.zip_members import ZipMember, open_members
from repository.schema.findings import Finding

VERSION = "1"
CHECKED_AT_ONCE = 16 * 2**20
_TEXT_KINDS = "SU"
_MOST_TEXT = 20_000


@dataclass(frozen=True, slots=True)
class _Member:
    """An array of the archive with its header."""

    title: str
    member: ZipMember
    header: NpyHeader

    @property
    def is_short(self) -> bool:
        """Whether it is a number or a short list, which says something of the data and is none."""
        shape = self.header.shape
        return math.prod(shape) <= SHORT and sum(size > 1 for size in shape) <= 1


def open_npz(files: Mapping[str, Path], hints: ReadHints) -> OpenedFile:
    """Open an npz file."""
    path = next(iter(files.values()))
    with ExitStack() as resources:
        found, values, findings = _read_members(open_members(path, resources), path.name)
        long = [one for one in found if not one.is_short] or [one for one in found if one.header.shape]
        if not long:
            raise decline("no_array_found", f"{path.name} holds single numbers and no array.")
        short = [one for one in found if one.is_short] if len(long) < len(found) else []
        if len(long) > MOST_SIGNALS:
            raise decline(
                "too_many_arrays",
                f"{path.name} holds {len(long)} arrays; at most {MOST_SIGNALS} become one measurement.",
                "Save what belongs together, each in its own file.",
            )
        arrays = [BareArray(one.title, _build_numbers(one)) for one in long]
        main, asked = find_main(arrays, name=path.name, hints=hints)
        signals, questions = build_signals(arrays, name=path.name, hints=hints, main=main)
        values |= {one.title: _read_values(one) for one in short}
        described = {one.title: one.header.as_dict() for one in long}
        kept = resources.pop_all()
    header = {"npz": to_json({"arrays": described, "values": values})}
    return OpenedFile("numpy_npz", VERSION, tuple(signals), header, (*findings, *asked, *questions), kept)


def _read_members(
    members: Sequence[ZipMember], name: str
) -> tuple[list[_Member], dict[str, Any], list[Finding]]:
    """Return the arrays of numbers, the texts, and what is said about the rest; a refusal where nothing is left."""
    found: list[_Member] = []
    texts: dict[str, Any] = {}
    refusals: list[ReadRefusedError] = []
    findings: list[Finding] = []
    for member in members:
        title = member.name.removesuffix(".npy")
        try:
            raw = _read_head(member)
            text = _read_text(member, raw)
            if text is not None:
                texts[title] = text
                continue
            header = parse_header(raw, what=f"{member.name} in {name}", may_be_scalar=True)
            findings += _check_member(member, header)
            found.append(_Member(title, member, header))
        except ReadRefusedError as error:
            if error.finding.severity == "error":
                raise
            refusals.append(error)
    if not found:
        raise refusals[0] if refusals else decline("no_array_found", f"{name} holds no array of numbers.")
    findings += [
        tell(one.finding.code, one.finding.message, "It is kept in the file.") for one in refusals[:SHORT]
    ]
    return found, texts, findings


def _read_head(member: ZipMember) -> bytes:
    head = member.read(0, min(HEAD_BYTES, member.size)).tobytes()
    length = measure_header(head, what=member.name)
    return member.read(0, length).tobytes()


def _read_text(member: ZipMember, raw: bytes) -> Any:
    """Return what a short array of texts says; None of anything else."""
    said = read_type(raw, what=member.name)
    if said is None or said.dtype.kind not in _TEXT_KINDS or not 0 < said.nbytes <= _MOST_TEXT:
        return None
    values = member.read(said.data_offset, said.nbytes).view(said.dtype)
    return values.tolist() if said.shape else values[0].item()


def _check_member(member: ZipMember, header: NpyHeader) -> list[Finding]:
    """Refuse a member that is shorter than its header says; compare the checksum of one that is read at once."""
    expected = header.data_offset + header.nbytes
    where = member.part.path.name
    if member.size < expected:
        raise refuse(
            "file_truncated",
            f"{member.name} in {where} is cut short: its header needs {expected} bytes, it has {member.size}.",
            "Nothing is lost: the bytes are kept. Save it again from the original.",
        )
    if member.size <= CHECKED_AT_ONCE:
        member.read(0, member.size)
    if member.size == expected:
        return []
    return [
        warn(
            "bytes_left_over",
            f"{member.name} in {where} has {member.size - expected} bytes more than its header tells of.",
            "Readers get what the header tells of. Check that no part is missing.",
        )
    ]


def _build_numbers(one: _Member) -> StridedBytes:
    header = one.header
    return StridedBytes.of_whole(
        one.member.read, header.shape, header.dtype, offset=header.data_offset, fortran=header.fortran
    )


def _read_values(one: _Member) -> Any:
    raw = one.member.read(one.header.data_offset, one.header.nbytes)
    return raw.view(one.header.dtype).reshape(one.header.shape)
