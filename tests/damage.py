"""What happens to files on their way: cut, zeroed, flipped, lengthened, doubled; and what a reader must say of it."""

import importlib
import json
import os
import re
import resource
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ingest.formats.recognition import recognize
from ingest.readers.contract import OpenedFile, ReadRefusedError
from tests.reader_contract import ReaderContract, ReadInPython, WrittenFile

KINDS = (
    "cut",
    "zeroed block",
    "flipped bits",
    "flipped header",
    "surplus",
    "doubled block",
    "lost block",
    "large number",
)
SHORTER = {"cut", "lost block"}
OF_HEADERS = {"flipped header", "large number"}
SHARES = (0.01, 0.1, 0.5, 0.9, 0.99)
MOST_READ = 64 * 2**20
_HEADER = 4096
_CPU_SECONDS, _LONGEST = 10, 2000
_READ_IN_C = {".hspy", ".emd", ".h5", ".mat"}
_TESTS = Path(__file__).parent / "unit" / "readers"
_INHERITS = re.compile(
    r"^from tests\.reader_contract import .*(ReaderContract|SaysWhereItEnds|ReadInPython)", re.MULTILINE
)


def list_contracts() -> list[type[ReaderContract]]:
    """Return the tests of all readers that can write a file of their format."""
    for file in sorted(_TESTS.glob("test_*.py")):
        if _INHERITS.search(file.read_text(encoding="utf-8")):
            importlib.import_module(f"tests.unit.readers.{file.stem}")
    base: Any = ReaderContract  # it is abstract
    found = sorted(set(_list_subclasses(base)), key=lambda one: (one.__module__, one.__name__))
    return [one for one in found if not getattr(one, "__abstractmethods__", None) and hasattr(one, "format")]


def _list_subclasses(base: type[ReaderContract]) -> Iterator[type[ReaderContract]]:
    for one in base.__subclasses__():
        yield one
        yield from _list_subclasses(one)


@dataclass(frozen=True, slots=True)
class Damage:
    """One thing that happens to a file; `seed` decides where and what with."""

    kind: str
    seed: int

    def apply(self, whole: bytes) -> bytes:
        """Return the damaged bytes."""
        random = np.random.default_rng(self.seed)
        size = len(whole)
        at = int(random.integers(0, size))
        end = at + int(min(size - at, 1 + random.exponential(size / 8)))
        if self.kind == "cut":
            share = SHARES[self.seed] if self.seed < len(SHARES) else at / size
            return whole[: max(1, round(size * share))]
        if self.kind == "surplus":
            return whole + random.bytes(int(random.integers(1, 5000)))
        if self.kind == "large number":
            return _put_number(whole, at % min(size, _HEADER), random)
        if self.kind.startswith("flipped"):
            return _flip(whole, min(size, _HEADER) if self.kind in OF_HEADERS else size, random)
        between = {"lost block": b"", "zeroed block": bytes(end - at), "doubled block": whole[at:end] * 2}
        return whole[:at] + between[self.kind] + whole[end:] or b"\0"


def _put_number(whole: bytes, place: int, random: np.random.Generator) -> bytes:
    number = int(random.choice([10**9, 2**31 - 1, 2**32 - 1, 2**40, 2**63 - 1]))
    part = number.to_bytes(8, "little" if random.integers(0, 2) else "big")[: 4 * int(random.integers(1, 3))]
    return (whole[:place] + part + whole[place + len(part) :])[: len(whole)]


def _flip(whole: bytes, within: int, random: np.random.Generator) -> bytes:
    changed = bytearray(whole)
    for place in random.integers(0, within, int(random.integers(1, 5))):
        changed[place] ^= 1 << int(random.integers(0, 8))
    return bytes(changed)


@dataclass(frozen=True, slots=True)
class Specimen:
    """A sound file of a format, and what its reader gives and says of it."""

    contract: ReaderContract
    written: WrittenFile
    wholes: Mapping[Path, bytes]
    values: tuple[Any, ...]
    said: frozenset[str]

    def damage(self, damage: Damage) -> None:
        """Write all files anew, one of them damaged: that with the header, or that with the values."""
        name = self.written.primary if damage.kind in OF_HEADERS else self.written.cut or self.written.primary
        for path, whole in self.wholes.items():
            path.write_bytes(damage.apply(whole) if path == self.written.files[name] else whole)

    @property
    def is_read_in_c(self) -> bool:
        """Whether a library in C goes through the file, which may crash on it or go round in circles."""
        return self.written.files[self.written.primary].suffix in _READ_IN_C


def prepare(contract: type[ReaderContract], folder: Path) -> Specimen:
    """Write a sound file and read it."""
    one = contract()
    written = one.write(folder)
    with one.open(written) as opened:
        values = tuple(signal.read() for signal in opened.signals)
        said = frozenset(finding.message for finding in opened.findings)
    wholes = {path: path.read_bytes() for path in written.files.values()}
    return Specimen(one, written, wholes, values, said)


def try_apart(specimen: Specimen, damages: Sequence[Damage]) -> dict[Damage, str]:
    """Return the problems of these damages, tried in processes apart with a limit of processor time for each.

    A library in C may crash or go round in circles. It ends a confined process then, and nothing else: that is a
    problem only where Python reads the format alone. The next process goes on behind it.
    """
    problems: dict[Damage, str] = {}
    left = list(damages)
    while left:
        receiver, sender = os.pipe()
        child = os.fork()
        if child == 0:
            _try_all(specimen, left, sender)
        os.close(sender)
        with os.fdopen(receiver, encoding="utf-8") as lines:
            told = [json.loads(line) for line in lines]
        _, status = os.waitpid(child, 0)
        problems |= {damage: problem for damage, problem in zip(left, told, strict=False) if problem}
        ended_at, left = left[len(told) : len(told) + 1], left[len(told) + 1 :]
        if ended_at and not specimen.is_read_in_c:
            problems[ended_at[0]] = f"ended by {signal.Signals(os.WTERMSIG(status)).name}"
    return problems


def run_apart(check: Callable[[], None]) -> str:
    """Return how a check fails in a process apart; nothing where it passes, or a library in C ends the process."""
    receiver, sender = os.pipe()
    child = os.fork()
    if child == 0:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        signal.signal(signal.SIGPROF, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_PROF, _CPU_SECONDS)
        try:
            check()
        except BaseException as problem:  # noqa: BLE001 - whatever it is, the process that waits is told
            os.write(sender, f"{type(problem).__name__}: {problem}"[:_LONGEST].encode())
        finally:
            os._exit(0)
    os.close(sender)
    with os.fdopen(receiver, encoding="utf-8", errors="replace") as told:
        said = told.read()
    os.waitpid(child, 0)
    return said


def _try_all(specimen: Specimen, damages: Sequence[Damage], sender: int) -> None:
    """Write a line for each damage that is tried, and end the process; the clock of its processor time may end it."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    try:
        for damage in damages:
            signal.setitimer(signal.ITIMER_PROF, _CPU_SECONDS)
            os.write(sender, f"{json.dumps(find_problem(specimen, damage)[:_LONGEST])}\n".encode())
    finally:
        os._exit(0)


def find_problem(specimen: Specimen, damage: Damage) -> str:
    """Return what a reader does wrong with a damaged file; empty where it refuses it, says it, or gives all there is.

    What formats make undetectable is let through: other values of the same number, a header that is wrong in a way that
    fits the file, and in HDF5 whatever its library does not check.
    """
    specimen.damage(damage)
    try:
        for path in specimen.wholes:
            recognize(path, path.name)
        with specimen.contract.open(specimen.written) as opened:
            given, is_whole = _read(opened)
            said = {finding.message for finding in opened.findings} - specimen.said
            problem = "" if said else _compare(specimen, damage, given, is_whole=is_whole)
    except ReadRefusedError as refusal:
        return (
            "" if refusal.finding.hint and refusal.finding.message else f"refused without a word: {refusal}"
        )
    except Exception as fault:  # noqa: BLE001 - every other exception is the problem
        return f"{type(fault).__name__}: {fault}"
    return problem


def _read(opened: OpenedFile) -> tuple[list[Any], bool]:
    """Return all values; of an array that claims to be large its first element only."""
    given, is_whole = [], True
    for one in opened.signals:
        if one.nbytes <= MOST_READ:
            given.append(one.read())
        else:
            is_whole = False
            one.read(tuple(slice(0, 1) for _ in one.leading_shape))
    return given, is_whole


def _compare(specimen: Specimen, damage: Damage, given: list[Any], *, is_whole: bool) -> str:
    if not is_whole:
        return "" if damage.kind not in SHORTER else "a shorter file became a larger array in silence"
    before, now = (sum(one.nbytes for one in arrays) for arrays in (specimen.values, given))
    is_checked = isinstance(specimen.contract, ReadInPython)
    if is_checked and now < before:
        return f"{before - now} bytes of values are gone in silence"
    if damage.kind == "cut" and not _are_equal(specimen.values, given):
        return "a cut file became other values in silence"
    return ""


def _are_equal(ours: tuple[Any, ...], given: list[Any]) -> bool:
    pairs = zip(ours, given, strict=False)
    return len(ours) == len(given) and all(
        one.shape == other.shape and np.array_equal(one, other, equal_nan=one.dtype.kind in "fc")
        for one, other in pairs
    )
