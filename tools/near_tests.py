"""Which tests are nearest to a module: those that lead to it by the fewest imports, then those named like it."""

import re
import subprocess
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from tests.ties import tie
from tools.places import list_modules

FAR = 9
"""The distance of a test that leads to a module by no import, but perhaps by an address."""
NEAR = 4
"""What is farther away is near by its name or its words alone."""


def name_module(path: str) -> str:
    """Return the name by which a file is imported."""
    return path.removeprefix("client/src/").removesuffix(".py").removesuffix("/__init__").replace("/", ".")


@cache
def read_imports(checkout: Path) -> dict[str, frozenset[str]]:
    """Return for each file of Python the modules that it imports, also within functions."""
    listed = subprocess.run(
        tie("git", "ls-files", "--cached", "--others", "--exclude-standard", "*.py"),
        cwd=checkout, capture_output=True, text=True, check=True,
    ).stdout.splitlines()  # fmt: skip
    return {
        name: frozenset(list_modules((checkout / name).read_text(encoding="utf-8")))
        for name in listed
        if (checkout / name).is_file()
    }


@cache
def measure_distances(checkout: Path, path: str) -> dict[str, int]:
    """Return how many imports lead from each file to this one, where any do: 1 for those that import it."""
    imports = read_imports(checkout)
    distances, reached, steps = {path: 0}, {name_module(path)}, 0
    while reached:
        steps += 1
        found = [name for name, modules in imports.items() if name not in distances and modules & reached]
        distances |= dict.fromkeys(found, steps)
        reached = {name_module(name) for name in found}
    return distances


def rank_tests(checkout: Path, path: str, kinds: Iterable[str], room: Iterable[str]) -> list[tuple[int, str]]:
    """Return the distance and the name of tests, nearest first, without those that have nothing of the module.

    Parameters
    ----------
    kinds, room
        Folders of tests: where they are looked for, and which come first at the same distance.
    """
    distances, words = measure_distances(checkout, path), split_words(path)
    own = re.compile("|".join(list_own_words(checkout, path)), flags=re.IGNORECASE)
    files = {file for folder in kinds for file in (checkout / folder).rglob("test_*.py")}
    ranked = []
    for file in files:
        name = file.relative_to(checkout).as_posix()
        distance = distances.get(name, FAR)
        shared = len(words & split_words(name))
        mentions = len(own.findall(file.read_text(encoding="utf-8")))
        is_of_room = name.startswith(tuple(f"{folder}/" for folder in room))
        if distance <= NEAR or shared or (mentions and is_of_room):
            ranked.append((distance, -is_of_room, -shared, -mentions, name))
    return [(distance, name) for distance, *_, name in sorted(ranked)]


def list_own_words(checkout: Path, path: str) -> list[str]:
    """Return what a test would mention of a module: its last word and the public names that it defines."""
    defined = re.findall(
        r"^(?:async )?(?:def|class) ([a-zA-Z]\w{4,})",
        (checkout / path).read_text(encoding="utf-8"),
        re.MULTILINE,
    )
    folder, last = name_module(path).split(".")[-2:] if "/" in path else ("", name_module(path))
    return [*(word.replace("_", "[_ -]?").removesuffix("s") for word in {folder, last} - FOLDERS), *defined]


def split_words(path: str) -> set[str]:
    """Return the words in a path, without the endings of several and of doing."""
    words = re.split(r"[/_.]", path)
    return {re.sub(r"(ing|s)$", "", word) for word in words} - FOLDERS


FOLDERS = frozenset(
    [
        "",
        "py",
        "test",
        "unit",
        "integration",
        "api",
        "client",
        "src",
        "stemma",
        "repository",
        "process",
        "frontend",
    ]
)
"""Words that say only in which room a file stands."""
