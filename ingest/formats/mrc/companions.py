"""What Direct Electron's server writes of one acquisition, by its names.

`X_movie.mrc` or `X_<n>_movie.mrc` has `X_info.txt`, `X_scan_coordinates.csv`, and images beside it:
`X_<n>_<name>_<sum>.mrc` of virtual detectors, `X_ext<n>_<name>.mrc` of external ones, `X_final.mrc`, the sum of all
frames, and references `X_dark.mrc` and `X_gain.mrc`.
Without the text nothing is taken for a part of an acquisition: anybody may name files so.
"""

import re
from collections.abc import Iterator

from ingest.formats.mrc.coordinates import ENDING
from ingest.readers.companion_plan import CompanionPlan
from ingest.readers.companions import base_of, folder_of, stem_of
from ingest.readers.refusals import tell
from ingest.readers.signal_names import slug

_MOVIE, _INFO = "_movie", "_info"
_NUMBERED = re.compile(r"(.*)_\d+")
_PARTS = (
    (re.compile(r"final", re.IGNORECASE), "final"),
    (
        re.compile(r"(?:.+_)?(?:virt)?(?P<number>\d+)_(?P<name>[^_]+)_(?P<sum>.+)", re.IGNORECASE),
        "virtual",
    ),
    (re.compile(r"(?:.+_)?ext(?P<number>\d+)(?:_(?P<name>.+))?", re.IGNORECASE), "external"),
    (re.compile(r"(?:.+_)?(?P<reference>dark|gain)", re.IGNORECASE), "reference"),
)


def group_mrc(plan: CompanionPlan) -> None:
    """Give each movie what has the name of its acquisition; every other MRC file stands alone."""
    described = plan.having("companion")
    coordinates = [path for path in described if base_of(path).casefold().endswith(ENDING)]
    infos = {_acquisition_of(path): path for path in described if path not in coordinates}
    for movie in sorted(path for path in plan.having("primary") if _is_movie(path)):
        info = next((infos[name] for name in _name_acquisitions(movie) if name in infos), None)
        if info is None:
            continue
        if info in plan.taken:
            message = (
                f"{base_of(movie)} is of the acquisition of {base_of(info)}, which went to a movie before it."
            )
            hint = "Readers get its frames without that description. Give the scan shape yourself."
            plan.note(movie, tell("companion_shared", message, hint))
            continue
        acquisition = _acquisition_of(info)
        places = [path for path in coordinates if _acquisition_of(path) == acquisition]
        plan.add(movie, (info, *places, *_find_images(plan, acquisition)))
    for path in described:
        if path not in plan.taken:
            message = (
                f"{base_of(path)} describes files of a DE camera, but no movie of its name lies beside it."
            )
            plan.note(
                path,
                tell("companion_unused", message, "It is kept. Upload the movie into the same folder."),
            )


def name_image(path: str, movie: str) -> str:
    """Return what an image beside a movie is called: `virt_0_sum`, `ext_1`, `final`, `dark_reference`."""
    stem = stem_of(path)
    for _, acquisition in _name_acquisitions(movie):
        if not stem.casefold().startswith(f"{acquisition}_"):
            continue
        rest = stem[len(acquisition) + 1 :]
        found = next((match for pattern, _ in _PARTS if (match := pattern.fullmatch(rest))), None)
        if found is not None:
            return _name_part(found.groupdict(), kind=next(k for p, k in _PARTS if p is found.re))
    return slug(stem) or "image"


def _name_part(said: dict[str, str | None], *, kind: str) -> str:
    if said.get("reference"):
        return f"{str(said['reference']).casefold()}_reference"
    named = slug("_".join(filter(None, (said.get("name"), said.get("sum")))))
    return named or slug(f"{kind}_{said.get('number') or ''}")


def _find_images(plan: CompanionPlan, acquisition: tuple[str, str]) -> Iterator[str]:
    folder, name = acquisition
    for path in sorted(plan.having("primary")):
        stem = stem_of(path).casefold()
        is_beside = folder_of(path) == folder and stem.startswith(f"{name}_") and not _is_movie(path)
        rest = stem[len(name) + 1 :]
        if is_beside and path not in plan.taken and any(pattern.fullmatch(rest) for pattern, _ in _PARTS):
            yield path


def _is_movie(path: str) -> bool:
    return stem_of(path).casefold().endswith(_MOVIE)


def _name_acquisitions(movie: str) -> list[tuple[str, str]]:
    """Return folder and name of the acquisition that a movie may be of; a number may stand before `_movie`."""
    stem = stem_of(movie).casefold().removesuffix(_MOVIE)
    numbered = _NUMBERED.fullmatch(stem)
    return [(folder_of(movie), name) for name in ([stem, numbered[1]] if numbered else [stem])]


def _acquisition_of(path: str) -> tuple[str, str]:
    name = base_of(path).casefold()
    stem = name.removesuffix(ENDING) if name.endswith(ENDING) else stem_of(path).casefold()
    return folder_of(path), stem.removesuffix(_INFO)
