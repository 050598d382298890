"""Real vendor files: outside the project, for tests only; a test that needs them skips visibly without."""

import os
from pathlib import Path
from typing import Any

import pytest

ENVIRONMENT = "STEMMA_REALDATA"
CHECKOUT = Path(__file__).resolve().parent.parent


def find_realdata() -> Path | None:
    """Return the folder of real files: from the environment, else beside the checkout; None when absent."""
    named = os.environ.get(ENVIRONMENT)
    folder = Path(named) if named else CHECKOUT.parent / "shared" / "realdata"
    return folder if folder.is_dir() else None


def need_realdata(*parts: str) -> Path:
    """Return a real file or folder, or skip the test saying what is missing."""
    folder = find_realdata()
    if folder is None:
        pytest.skip(f"no real data: set {ENVIRONMENT} to their folder")
    path = folder.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"not among the real data: {'/'.join(parts)}")
    return path


def need_trial(*parts: str) -> Path:
    """Return an input that went wrong once, or skip the test saying what is missing."""
    path = CHECKOUT.parent.joinpath("shared", "trials", *parts)
    if not path.exists():
        pytest.skip(f"not among the trials: {'/'.join(parts)}")
    return path


def list_realdata(pattern: str, *, without: tuple[str, ...] = ()) -> list[Any]:
    """Return the relative paths of real files that match, for parametrizing; one visible skip when absent.

    Paths with any of the texts in `without` are left out.
    """
    folder = find_realdata()
    if folder is None:
        return [pytest.param("", marks=pytest.mark.skip(reason=f"no real data: set {ENVIRONMENT}"))]
    found = sorted(str(path.relative_to(folder)) for path in folder.glob(pattern) if path.is_file())
    return [path for path in found if not any(text in path for text in without)]
