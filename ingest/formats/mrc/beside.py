"""What Direct Electron's server wrote beside a movie, opened: its text, and images as arrays of the measurement."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from ingest.formats.mrc.companions import name_image
from ingest.formats.mrc.coordinates import ENDING
from ingest.formats.mrc.info import read_info
from ingest.formats.mrc.sections import build_source, read_header
from ingest.readers.contract import Axis, ReadRefusedError, SignalSource
from ingest.readers.refusals import as_warning
from ingest.readers.uploaded_file import decode_text
from repository.schema.findings import Finding

_HEAD_BYTES = 8192
_WITHOUT = "Readers get the movie without it."


@dataclass(frozen=True, slots=True)
class Beside:
    """The files beside a movie: its text, the list of places, and images by the names of their arrays."""

    info: Mapping[str, str]
    coordinates: str
    images: Mapping[str, str]

    def open_images(
        self, files: Mapping[str, Path], main: SignalSource, resources: ExitStack
    ) -> tuple[list[SignalSource], list[Finding]]:
        """Return the images as arrays; one that cannot be read is told, and done without."""
        found, told = [], []
        for name, file in self.images.items():
            try:
                header, _ = read_header(files[file])
            except ReadRefusedError as error:
                told.append(as_warning(error.finding, _WITHOUT))
                continue
            axes = _build_axes(name, header.shape, main.axes)
            found.append(build_source(header, files[file], axes, resources, name=name))
        return found, told


def sort_beside(files: Mapping[str, Path]) -> Beside:
    """Tell the files beside a movie, the first of all, apart by their content; the list of places by its name."""
    movie, *others = files
    info: dict[str, str] = {}
    coordinates = ""
    images: dict[str, str] = {}
    for file in others:
        with files[file].open("rb") as handle:
            head = handle.read(_HEAD_BYTES)
        if file.casefold().endswith(ENDING):
            coordinates = file
        elif decode_text(head) is None:
            images[_find_free(name_image(file, movie), ("data", "scan_coordinates", *images))] = file
        else:
            info = info or read_info(files[file])
    return Beside(info, coordinates, images)


def _find_free(name: str, taken: Sequence[str]) -> str:
    free, number = name, 2
    while free in taken:
        free, number = f"{name}_{number}", number + 1
    return free


def _build_axes(name: str, shape: tuple[int, int, int], main: Sequence[Axis]) -> tuple[Axis, ...]:
    """Return the axes that an image has the size of: of the camera's frame what is made of frames, else of the scan.

    A scan may have as many rows and columns as a frame.
    """
    sections, *sides = shape
    frame = tuple(main[-2:])
    scan = tuple(axis for axis in main[:-2] if axis.name in {"scan_y", "scan_x"})
    is_of_frames = name == "final" or name.endswith("_reference")
    found = next(
        (
            axes
            for axes in ((frame,) if is_of_frames else (scan, frame))
            if [axis.size for axis in axes] == sides
        ),
        (Axis("y", sides[0]), Axis("x", sides[1])),
    )
    return found if sections == 1 else (Axis("series", sections), *found)
