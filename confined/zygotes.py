"""Which programs run confined here, and the zygote of this process that has imported them."""

import os
from collections.abc import Callable
from functools import cache
from pathlib import Path

from django.conf import settings

from confined.sandbox import Preparation, ZygoteKeeper

_programs: dict[str, Callable[[], Path | None] | None] = {}


def register_program(name: str, *, find_compiled_code: Callable[[], Path | None] | None = None) -> str:
    """Note a program that a zygote should have imported, and return its name.

    A program that needs compiled code is left out while that is still being made: importing it would compile.
    """
    _programs[name] = find_compiled_code
    return name


@cache
def get_zygotes() -> ZygoteKeeper:
    """Return what keeps this process's zygote; it starts with the first run."""
    # By both a start finds what a killed one left; the part is named where the embedded stack runs us.
    belonging = {name: os.environ[name] for name in ("STEMMA_PART",) if name in os.environ}
    return ZygoteKeeper(prepare, {"STEMMA_HOME": os.fspath(settings.STEMMA_HOME), **belonging})


def prepare() -> Preparation:
    """Return what a zygote started now should import."""
    ready: list[str] = []
    caches: set[Path] = set()
    for name, find_compiled_code in sorted(_programs.items()):
        compiled = None if find_compiled_code is None else find_compiled_code()
        if find_compiled_code is None or compiled is not None:
            ready.append(name)
        caches.update(() if compiled is None else (compiled,))
    return Preparation(tuple(ready), next(iter(caches), None))
