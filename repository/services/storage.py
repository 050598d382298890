"""Where the bytes are. The settings choose the store; everything else knows only its protocol."""

from functools import cache
from pathlib import Path

from django.conf import settings

from repository.integrations.object_store import LocalObjectStore, ObjectStore


@cache
def _open_store(root: Path) -> ObjectStore:
    return LocalObjectStore(root)


def get_object_store() -> ObjectStore:
    """Return the content-addressed store of this installation."""
    return _open_store(Path(settings.STEMMA_HOME) / "objects")


def upload_folder() -> Path:
    """Return the folder of transfers that are under way."""
    folder = Path(settings.STEMMA_HOME) / "uploads"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def work_folder(name: str) -> Path:
    """Return a folder for one attempt of one job; what is left in it by a killed worker is nobody's result."""
    folder = Path(settings.STEMMA_HOME) / "work" / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder
