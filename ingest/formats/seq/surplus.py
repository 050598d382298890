"""Bytes behind the last image of a sequence: places that StreamPix had reserved, or something that was appended."""

from contextlib import ExitStack
from pathlib import Path

from ingest.formats.seq.frames import FrameTimes
from ingest.formats.seq.header import SeqHeader
from ingest.readers.framed_bytes import open_part
from ingest.readers.refusals import tell, tell_surplus
from repository.schema.findings import Finding

_MOST_LOOKED_AT = 4096


def find_surplus(path: Path, header: SeqHeader) -> list[Finding]:
    """Say what lies behind the images that the header counts: places without a time stamp hold no frame."""
    left = path.stat().st_size - header.end
    if left <= 0:
        return []
    places, rest = divmod(left, header.stride)
    if rest or _has_stamp(path, header, min(places, _MOST_LOOKED_AT)):
        return [tell_surplus(path, left, after=f"its {header.images} images")]
    return [
        tell(
            "seq_places_empty",
            f"{path.name} has places for {places} more images, without a time stamp: they are not read.",
            "StreamPix reserves room before it records.",
        )
    ]


def _has_stamp(path: Path, header: SeqHeader, places: int) -> bool:
    with ExitStack() as resources:
        part = open_part(resources, path, offset=header.offset, count=header.images + places)
        times = FrameTimes(part, header, 1)
        return any(times.read_stamp(header.images + place) for place in range(places))
