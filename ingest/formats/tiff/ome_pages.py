"""The planes of an OME set, looked up in its files."""

from collections.abc import Mapping
from pathlib import Path

from ingest.formats.tiff.arranging import Arranged, lead, sample_axes, without_lengths
from ingest.formats.tiff.frames import Frames
from ingest.formats.tiff.ome import OmePicture, OmeSet
from ingest.formats.tiff.page import Page
from ingest.formats.tiff.pages import TiffPages, read_pages
from ingest.formats.tiff.told import build_frame
from ingest.readers.companions import base_of
from ingest.readers.contract import ReadHints, ReadRefusedError
from ingest.readers.refusals import UPLOAD_AGAIN, refuse


def arrange_ome(ome: OmeSet, files: Mapping[str, Path], own: TiffPages, hints: ReadHints) -> list[Arranged]:
    """Return the pictures of an OME set, each plane looked up in its file."""
    primary = next(iter(files))
    by_name = {base_of(name).casefold(): path for name, path in files.items()}
    is_alone = len(ome.files) == 1 and len(files) == 1  # a file that was renamed names itself by its old name
    opened: dict[str, TiffPages] = {"": own, base_of(primary).casefold(): own}
    found = []
    for picture in ome.pictures:
        pages: list[Page] = []
        for plane in picture.planes:
            key = "" if plane is None or is_alone else plane.file.casefold()
            if plane is not None and key not in opened and key in by_name:
                opened[key] = read_pages(by_name[key])
            page = opened[key].pages.get(plane.page + 1) if plane is not None and key in opened else None
            if page is None:
                raise _refuse_plane(primary, picture, plane.file if plane else "", is_there=key in opened)
            pages.append(page)
        found.append(_arrange_picture(picture, pages, base_of(primary), hints))
    return found


def _refuse_plane(primary: str, picture: OmePicture, file: str, *, is_there: bool) -> ReadRefusedError:
    name = base_of(primary)
    if file and not is_there:
        message = (
            f"{name} needs {file} (planes of the same picture), which was not uploaded into the same folder."
        )
        return refuse("companion_missing", message, f"Upload {file} beside it.")
    message = f"{name} describes {len(picture.planes)} planes, and not all of them are in its files."
    return refuse("ome_planes_missing", message, UPLOAD_AGAIN)


def _arrange_picture(picture: OmePicture, pages: list[Page], name: str, hints: ReadHints) -> Arranged:
    first = pages[0]
    kinds = {(page.array_shape, page.stored) for page in pages}
    if len(kinds) > 1 or first.shape != picture.size:
        message = f"The pages of {name} do not have the {picture.size[0]} × {picture.size[1]} pixels that it describes."
        raise refuse("ome_planes_unreadable", message, UPLOAD_AGAIN)
    frame = (
        build_frame(first.shape, unit=picture.unit_y[0], steps=(picture.unit_y[1],) * 2)[0],
        build_frame(first.shape, unit=picture.unit_x[0], steps=(picture.unit_x[1],) * 2)[1],
    )
    leading, origin, said = lead(len(pages), picture.leading, name=name, hints=hints)
    if leading and leading[0].name in {"scan_y", "position"}:
        frame = without_lengths(frame)
    return Arranged(
        title=picture.name or "picture",
        frames=Frames(pages, len(pages)),
        axes=(*leading, *frame, *sample_axes(first)),
        origin=origin,
        findings=tuple(said),
    )
