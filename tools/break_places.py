"""Break places of the program on purpose, one at a time, and see which tests notice.

    python -m project.stack exec -- python -m tools.break_places --places 60 --seed 1 --report places.json

The places are chosen across the rooms by the seed. Each is broken in a copy of the checkout (the tree itself is
never touched), and the tests that are nearest are run there: unit tests that import the broken module, those that
lead to it by the fewest imports, then integration tests likewise, then all of its room. A failure counts where the
same test passes unbroken. `--quick` leaves out the whole room; `--again places.json` tries only what survived then.
`--part 2/3` takes every third place from the second on, so that several can share the work.
"""

import argparse
import atexit
import json
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tests.ties import tie
from tools.near_tests import rank_tests
from tools.places import Place, list_places
from tools.warm_pytest import WarmPytest

CHECKOUT = Path(__file__).resolve().parents[1]
LINKED = (".venv", "node_modules", "frontend/dist")
LEFT_OUT = re.compile(r"(^|/)(migrations|generated|examples|miniature)/|(^|/)(__main__|__init__)\.py$")
TWO = ("-n", "2", "--dist", "loadgroup")
LONGEST_S = 900.0
"""A run that takes longer hangs, which is noticed."""
HUNG = "(could not be collected, or hung)"
NEAREST_QUICK, NEAREST_SLOW = 6, 4
"""So many files that import a module, then so many that lead to it, are tried before its whole room."""
QUICK, SLOW = ("tests/unit",), ("tests/api", "tests/client", "tests/integration")


@dataclass(frozen=True, slots=True)
class Room:
    """Part of the program with its tests: quick ones, and those that need database and servers."""

    folder: str
    quick: tuple[str, ...]
    slow: tuple[str, ...] = ()


DOMAIN = ("tests/integration/domain", "tests/api")
OUTSIDE = ("tests/integration/object_store", "tests/integration/registrar", "tests/integration/mail")
# The first whose folder holds the file.
ROOMS = (
    Room("repository/schema/export", ("tests/unit/export",), ("tests/integration/pages",)),
    Room("repository/exports", ("tests/unit/export",), ("tests/api",)),
    *(
        Room(f"repository/schema/{name}", ("tests/unit/schema", "tests/unit/export"), DOMAIN)
        for name in ("questions", "documents", "checks", "quantities", "search", "versions")
    ),
    Room("repository/schema", ("tests/unit/schema", "tests/unit/export"), DOMAIN),
    Room("repository/integrations", ("tests/unit/integrations",), OUTSIDE),
    Room("project", ("tests/unit/stack", "tests/unit/web"), ("tests/api",)),
    Room("repository", ("tests/unit/mapping",), ("tests/integration/domain", "tests/api", "tests/integration/limits")),
    Room("confined", ("tests/unit/sandbox",), ("tests/integration/domain",)),
    Room("ingest/formats", ("tests/unit/formats", "tests/unit/readers", "tests/unit/mapping")),
    Room("ingest/services", ("tests/unit/readers",), ("tests/integration/domain", "tests/integration/disk")),
    Room("ingest", ("tests/unit/mapping", "tests/unit/readers", "tests/unit/formats"), ("tests/integration/domain",)),
    Room("processing/services", ("tests/unit/processing",), ("tests/integration/domain",)),
    Room("processing/recipes", ("tests/unit/processing",), ("tests/integration/domain",)),
    Room("processing", ("tests/unit/processing",), ("tests/integration/domain",)),
    Room("api/byte_routes", ("tests/unit/byte_service",), ("tests/integration/bytes", "tests/api")),
    Room("api/byte_service", ("tests/unit/byte_service",), ("tests/integration/bytes", "tests/api")),
    Room("api", ("tests/unit/byte_service", "tests/unit/web"), ("tests/api",)),
    Room("frontend", ("tests/unit/pages",), ("tests/integration/pages", "tests/api")),
    Room("client/src", ("tests/unit/client",)),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a broken place; `by` is the test that noticed it, empty where none did."""

    place: Place
    by: str
    seconds: float


def list_sources() -> list[str]:
    """Return the files of production code."""
    listed = subprocess.run(
        tie("git", "ls-files", "*.py"), cwd=CHECKOUT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    return [name for name in listed if find_room(name) is not None and not LEFT_OUT.search(name)]


def find_room(name: str) -> Room | None:
    return next((room for room in ROOMS if name.startswith(f"{room.folder}/")), None)


def choose_places(count: int, seed: int) -> list[Place]:
    """Return as many places as asked for: rooms in turn, within one a file and then a kind at random."""
    chance = random.Random(seed)  # noqa: S311  # the same places for the same seed
    by_room: dict[str, list[str]] = {}
    for name in list_sources():
        room = find_room(name)
        if room is not None:
            by_room.setdefault(room.folder, []).append(name)
    chosen: list[Place] = []
    rooms = sorted(by_room)
    while len(chosen) < count:
        name = chance.choice(by_room[rooms[len(chosen) % len(rooms)]])
        places = list_places(name, (CHECKOUT / name).read_bytes())
        kinds = sorted({place.kind for place in places})
        if not kinds:
            continue
        kind = chance.choice(kinds)
        place = chance.choice([place for place in places if place.kind == kind])
        if place not in chosen:
            chosen.append(place)
    return chosen


@contextmanager
def copied_checkout() -> Iterator[Path]:
    """Yield a copy of the checkout as it is now, which is removed whatever happens."""
    with tempfile.TemporaryDirectory(prefix="stemma-broken-") as folder:
        copy = Path(folder) / "checkout"
        listed = subprocess.run(
            tie("git", "ls-files", "--cached", "--others", "--exclude-standard"),
            cwd=CHECKOUT, capture_output=True, text=True, check=True,
        ).stdout.splitlines()  # fmt: skip
        for name in listed:
            if (CHECKOUT / name).is_file():
                (copy / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(CHECKOUT / name, copy / name)
        for name in LINKED:
            if (CHECKOUT / name).exists():
                (copy / name).parent.mkdir(parents=True, exist_ok=True)
                (copy / name).symlink_to(CHECKOUT / name)
        yield copy


def list_near_tests(place: Place, *, is_quick: bool = False) -> list[tuple[str, ...]]:
    """Return the tests to run, nearest first; quick: without those of the whole room."""
    room = find_room(place.path)
    if room is None:
        return []
    near: list[tuple[str, ...]] = []
    for kinds, folders, most in ((QUICK, room.quick, NEAREST_QUICK), (SLOW, room.slow, NEAREST_SLOW)):
        ranked = rank_tests(CHECKOUT, place.path, kinds, folders)
        near += [
            tuple(name for distance, name in ranked if distance == 1)[:most],
            tuple(name for distance, name in ranked if distance > 1)[:most],
        ]
    whole = [] if is_quick and any(near) else [room.quick, room.slow]
    return list(dict.fromkeys(tests for tests in (*near, *whole) if tests))


def run_tests(checkout: Path, tests: Sequence[str], *more: str) -> tuple[bool, list[str]]:
    """Run tests; return whether all passed, and what failed."""
    words = ["-q", "--no-header", "--tb=no", "-rfE", "--reuse-db", *more, *tests]
    status, printed = warm_pytest(checkout).run(words, LONGEST_S)
    failed = re.findall(r"^(?:FAILED|ERROR) (.+?)(?: - |$)", printed, flags=re.MULTILINE)
    return status in {0, 5}, failed


@cache
def warm_pytest(checkout: Path) -> WarmPytest:
    """Return the process that runs the tests of a checkout; it ends with this one."""
    warm = WarmPytest(checkout)
    atexit.register(warm.close)
    return warm


def try_place(copy: Path, place: Place, left_out: Iterable[str] = (), *, is_quick: bool = False) -> Outcome:
    """Break a place, run its tests, and put back what stood there."""
    begin, file = time.monotonic(), copy / place.path
    whole = file.read_bytes()
    file.write_bytes(place.apply(whole))
    try:
        by = find_noticing(copy, place, left_out, is_quick=is_quick)
    finally:
        file.write_bytes(whole)
    return Outcome(place, by, time.monotonic() - begin)


def find_noticing(copy: Path, place: Place, left_out: Iterable[str] = (), *, is_quick: bool = False) -> str:
    """Return the first test that fails, empty where none does."""
    without = [word for name in left_out for word in ("--deselect", name)]
    for tests in list_near_tests(place, is_quick=is_quick):
        is_long = not all(name.endswith(".py") for name in tests)
        passed, failed = run_tests(copy, tests, "-x", *without, *(TWO if is_long else ()))
        if not passed:
            return failed[0] if failed else f"{' '.join(tests)} {HUNG}"
    return ""


def try_places(copy: Path, places: Sequence[Place], path: Path, *, is_quick: bool) -> list[Outcome]:
    """Try places until each is noticed by a test that passes unbroken, or by none."""
    outcomes: list[Outcome] = []
    for number, place in enumerate(places, start=1):
        sys.stdout.write(f"{number}/{len(places)} {place}\n")
        sys.stdout.flush()
        outcomes.append(try_place(copy, place, is_quick=is_quick))
        tell(outcomes[-1])
        report(outcomes, path)
    failing: set[str] = set()
    # All at once: to run each where it was noticed would take as long again.
    while found := {outcome.by for outcome in outcomes if "::" in outcome.by} - failing:
        sound, failed = run_tests(CHECKOUT, sorted(found))
        if sound or not found.intersection(failed):
            break
        failing |= found.intersection(failed)
        for position, outcome in enumerate(outcomes):
            if outcome.by in failing:
                sys.stdout.write(f"{outcome.place}: {outcome.by} fails unbroken too\n")
                outcomes[position] = try_place(copy, outcome.place, sorted(failing), is_quick=is_quick)
                tell(outcomes[position])
        report(outcomes, path)
    return outcomes


def tell(outcome: Outcome) -> None:
    """Say what came of a place."""
    sys.stdout.write(f"    {outcome.by or 'SURVIVES'} ({outcome.seconds:.0f} s)\n")
    sys.stdout.flush()


def report(outcomes: Iterable[Outcome], path: Path) -> None:
    """Write what came of each place, as far as they were tried."""
    written = [
        {**asdict(outcome.place), "by": outcome.by, "seconds": round(outcome.seconds, 1)}
        for outcome in outcomes
    ]
    path.write_text(json.dumps(written, indent=1) + "\n", encoding="utf-8")


def read_survivors(path: Path) -> list[Place]:
    """Return what survived in a former run, where it stands now."""
    survivors = []
    for entry in json.loads(path.read_text(encoding="utf-8")):
        if entry["by"]:
            continue
        known: dict[str, Any] = {key: entry[key] for key in ("path", "kind", "before", "after")}
        places = list_places(known["path"], (CHECKOUT / known["path"]).read_bytes())
        same = [place for place in places if all(getattr(place, key) == known[key] for key in known)]
        survivors += sorted(same, key=lambda place: abs(place.line - entry["line"]))[:1]
    return survivors


def main() -> int:
    """Try all chosen places and say which no test noticed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--places", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--quick", action="store_true", help="only the tests that import the module")
    parser.add_argument("--again", type=Path, help="a report: try what survived")
    parser.add_argument("--part", default="1/1", help="which of how many parts")
    parser.add_argument("--list", action="store_true", help="name the places and break none")
    parser.add_argument("--report", type=Path, default=Path("places.json"))
    words = parser.parse_args()
    places = read_survivors(words.again) if words.again else choose_places(words.places, words.seed)
    part, parts = map(int, words.part.split("/"))
    places = places[part - 1 :: parts]
    if words.list:
        sys.stdout.writelines(f"{place}\n" for place in places)
        return 0
    with copied_checkout() as copy:
        outcomes = try_places(copy, places, words.report, is_quick=words.quick)
    survived = [outcome for outcome in outcomes if not outcome.by]
    sys.stdout.write(f"{len(outcomes) - len(survived)} of {len(outcomes)} noticed\n")
    return 1 if survived else 0


if __name__ == "__main__":
    sys.exit(main())
