"""The description that a DE camera writes beside its files: `<stem>_info.txt` beside `<stem>_movie.mrc`."""

from ingest.readers.companion_plan import CompanionPlan
from ingest.readers.companions import base_of, folder_of, stem_of
from ingest.readers.refusals import tell

_MOVIE, _INFO = "_movie", "_info"


def group_mrc(plan: CompanionPlan) -> None:
    """Give each movie the description of its own stem; every other MRC file stands alone."""
    infos = {_key(path, _INFO): path for path in plan.having("companion")}
    for movie in plan.having("primary"):
        if stem_of(movie).casefold().endswith(_MOVIE) and (info := infos.pop(_key(movie, _MOVIE), None)):
            plan.add(movie, (info,))
    for info in infos.values():
        message = f"{base_of(info)} describes files of a DE camera, but no movie of its name lies beside it."
        plan.note(
            info, tell("companion_unused", message, "It is kept. Upload the movie into the same folder.")
        )


def _key(path: str, ending: str) -> tuple[str, str]:
    return folder_of(path), stem_of(path).casefold().removesuffix(ending)
