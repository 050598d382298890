"""Tell whether the lock files say what the .in files ask for, hashed, without naming a host.

Needs no network: every asked-for package must be locked as asked for, and nothing else may be.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
_NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]*")
_PINNED = re.compile(r"^([a-z0-9][a-z0-9._-]*)==(\S+)", re.MULTILINE)


def normalize(name: str) -> str:
    """Return the spelling that indexes and lock files use."""
    return re.sub(r"[-_.]+", "-", name).lower()


def list_asked_for(text: str) -> set[str]:
    """Return the packages that an .in file names."""
    matches = (_NAME.match(line.strip()) for line in text.splitlines())
    return {normalize(match[0]) for match in matches if match}


def list_locked_for(text: str, source: str) -> set[str]:
    """Return the packages that a lock file holds because `source` asks for them."""
    blocks = re.split(r"\n(?=[a-z0-9])", text)
    asked = re.compile(rf"#\s+(via )?-r {re.escape(source)}$", re.MULTILINE)
    return {match[1] for block in blocks if (match := _PINNED.match(block)) and asked.search(block)}


def read_pins(text: str) -> dict[str, str]:
    return dict(_PINNED.findall(text))


def list_problems(folder: Path) -> Iterator[str]:
    """Yield one sentence for each disagreement."""
    requirements = folder / "requirements"
    for name in ("bootstrap", "base", "dev"):
        asked = list_asked_for((requirements / f"{name}.in").read_text(encoding="utf-8"))
        lock = (requirements / f"{name}.txt").read_text(encoding="utf-8")
        locked = list_locked_for(lock, f"requirements/{name}.in")
        for package in sorted(asked ^ locked):
            yield f"requirements/{name}.txt disagrees with {name}.in about {package}: make lock"
        if "://" in lock:
            yield f"requirements/{name}.txt names a host: make lock"
        if lock.count("==") > lock.count("--hash=sha256:"):
            yield f"requirements/{name}.txt holds a package without hash: make lock"
    base = read_pins((requirements / "base.txt").read_text(encoding="utf-8"))
    dev = read_pins((requirements / "dev.txt").read_text(encoding="utf-8"))
    for package in sorted(base):
        if dev.get(package) != base[package]:
            yield f"{package} is {base[package]} in base.txt and {dev.get(package)} in dev.txt: make lock"
    npm_lock = folder / "package-lock.json"
    if npm_lock.exists() and '"resolved"' in npm_lock.read_text(encoding="utf-8"):
        yield "package-lock.json names a host: keep .npmrc, run npm install --package-lock-only"


def main() -> int:
    problems = list(list_problems(CHECKOUT))
    sys.stdout.writelines(f"{problem}\n" for problem in problems)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
