"""No test of the gate depends on how fast the machine is: clocks are read in one place, time-outs are scaled there.

Absolute times are measured by `make bench`. What stands here by name is no test, or a clock that decides nothing.
"""

import ast
import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from project.environment import CHECKOUT
from tests import patience

CLOCKS = {
    "tests/patience.py": "the one place",
    "tests/e2e/session.py": "what a journey took is printed, and no test compares it",
    "tests/many_clients.py": "the load of `make bench`: it reports times, and no test compares them",
    "tests/integration/limits/test_strangers.py": "how many requests come back meanwhile: the slower, the more",
    "tests/integration/permissions/test_at_once.py": "the clock that it turns",
}
# Measured on purpose; stand-ins of servers; programs that hang, to be ended.
NO_TESTS = ("tests/benchmarks/", "tests/integration/stack/miniature/", "tests/unit/sandbox/programs/")
READ = {"monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns", "process_time", "sleep"}
# What a number is given to that means seconds; `patient(…)` is no number.
WAITING = {
    "wait",
    "join",
    "result",
    "communicate",
    "settimeout",
    "set_default_timeout",
    "wait_for_timeout",
    "sleep",
}
TIMEOUTS = {"timeout", "connect_timeout", "ready_timeout", "wall_s", "timeout_s", "retry_seconds"}
PAUSE_S = 0.25  # up to here it is a pause between two looks, or what is meant to run out


def list_tests() -> list[str]:
    names = (path.relative_to(CHECKOUT).as_posix() for path in (CHECKOUT / "tests").rglob("*.py"))
    return sorted(name for name in names if not name.startswith(NO_TESTS))


def parse(name: str) -> ast.Module:
    return ast.parse((CHECKOUT / name).read_text(encoding="utf-8"))


def find_clocks(tree: ast.Module) -> Iterator[int]:
    """Yield the lines where a clock is read, or time is slept away."""
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=ast.Name(id="time"), attr=name) if name in READ:
                yield node.lineno
            case ast.ImportFrom(module="time", names=names) if {one.name for one in names} & READ:
                yield node.lineno
            case ast.Attribute(attr="total_seconds", value=ast.Attribute(attr="elapsed")):
                yield node.lineno


def find_numbers(tree: ast.Module) -> set[str]:
    """Return the names of the module's constants that are plain numbers."""
    return {
        target.id
        for node in tree.body
        if isinstance(node, ast.Assign) and _is_number(node.value, frozenset())
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def find_fixed_waits(tree: ast.Module) -> Iterator[int]:
    """Yield the lines where a wait lasts a fixed number of seconds: a literal, or a constant that is one."""
    numbers = frozenset(find_numbers(tree))
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        given = [one.value for one in node.keywords if one.arg in TIMEOUTS]
        if called in WAITING and isinstance(node.func, ast.Attribute):
            given += node.args[:1]
        if any(_is_number(value, numbers) for value in given):
            yield node.lineno


def _is_number(value: ast.expr, numbers: frozenset[str]) -> bool:
    """Return whether seconds are said that no factor is in."""
    match value:
        case ast.Constant(value=int() | float() as number):
            return number > PAUSE_S
        case ast.Name(id=name):
            return name in numbers
        case ast.BinOp(left=left, right=right):
            return _is_number(left, numbers) and _is_number(right, numbers)
    return False


def test_clocks_are_read_in_one_place() -> None:
    found = {name: lines for name in list_tests() if (lines := list(find_clocks(parse(name))))}
    assert {name: lines for name, lines in found.items() if name not in CLOCKS} == {}
    assert set(found) == set(CLOCKS), "a reason that nothing needs any more"


def test_no_wait_lasts_a_fixed_time() -> None:
    found = {name: lines for name in list_tests() if (lines := list(find_fixed_waits(parse(name))))}
    assert {name: lines for name, lines in found.items() if name not in CLOCKS} == {}, (
        "write patient(seconds)"
    )


def test_visitors_of_pages_are_made_in_one_place() -> None:
    """Playwright's own time-outs would be those of a quiet machine."""
    for name in list_tests():
        made = [
            node.lineno
            for node in ast.walk(parse(name))
            if isinstance(node, ast.Attribute) and node.attr == "new_context"
        ]
        assert not made or name == "tests/programs.py", f"{name}:{made}: open_context"


def test_examples_of_hypothesis_have_no_deadline() -> None:
    assert settings.default is not None
    assert settings.default.deadline is None
    assert HealthCheck.too_slow in settings.default.suppress_health_check
    for name in list_tests():
        for node in ast.walk(parse(name)):
            if isinstance(node, ast.keyword) and node.arg == "deadline":
                assert ast.unparse(node.value) == "None", f"{name}:{node.value.lineno}"
            if isinstance(node, ast.keyword) and node.arg == "suppress_health_check":
                said = ast.unparse(node.value)
                assert "too_slow" in said or said == "list(HealthCheck)", f"{name}:{node.value.lineno}"


@pytest.mark.parametrize(
    ("program", "clocks", "waits"),
    [
        ("begin = time.monotonic()\nassert time.monotonic() - begin < 5", [1, 2], []),
        ("from time import sleep", [1], []),
        ("time.sleep(1)", [1], [1]),
        ("assert answer.elapsed.total_seconds() < 2", [1], []),
        ("page.wait_for_timeout(500)", [], [1]),
        ("thread.join(30)", [], [1]),
        ("SHORT_S = 2 * 15.0\nprocess.wait(SHORT_S)", [], [2]),
        ("run(timeout=60)", [], [1]),
        ("run(timeout=patient(60))\nthread.join(patient(30))\n' '.join(words)\nend.wait(0.05)", [], []),
    ],
)
def test_what_is_found(program: str, clocks: list[int], waits: list[int]) -> None:
    tree = ast.parse(program)
    assert list(find_clocks(tree)) == clocks
    assert list(find_fixed_waits(tree)) == waits


def test_seconds_are_those_of_a_quiet_machine_times_a_factor(monkeypatch: pytest.MonkeyPatch) -> None:
    assert patience.patient(10) == 10 * patience.FACTOR
    monkeypatch.setattr(patience, "FACTOR", 4.0)
    assert patience.patient(10) == 40
    assert float(os.environ[patience.VARIABLE]) >= 1, "the processes of this session need not measure"
    for said in ("quick", "0.5", "nan"):
        monkeypatch.setenv(patience.VARIABLE, said)
        with pytest.raises(ValueError, match="write how many times longer"):
            patience.find_factor()
    monkeypatch.setenv(patience.VARIABLE, "")
    assert 1 <= patience.find_factor() <= patience.MOST


def test_a_machine_that_becomes_slower_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr("tests.patience.time.monotonic", lambda: now[0])
    monkeypatch.setattr(patience, "FACTOR", 1.0)
    for slowness, ends in ((1.0, 10.0), (3.0, 30.0)):
        monkeypatch.setattr(patience, "measure", lambda slowness=slowness: slowness)
        now[0] = 0.0
        deadline = patience.Deadline(10)
        now[0] = ends
        assert not deadline.is_over()
        now[0] = ends + 0.1
        assert deadline.is_over()


def test_what_never_comes_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "FACTOR", 1.0)
    monkeypatch.setattr(patience, "measure", lambda: 1.0)
    with pytest.raises(AssertionError, match=r"^no job is done \(within 0\.01 s of a quiet machine"):
        patience.wait_until(lambda: False, "no job is done", seconds=0.01)
    assert patience.wait_until(lambda: "found", "nothing", seconds=0) == "found"


@pytest.mark.timeout(7)
def test_the_hard_time_out_of_a_test_is_scaled(request: pytest.FixtureRequest) -> None:
    marker = request.node.get_closest_marker("timeout")
    assert marker is not None
    assert marker.args == (patience.patient(7),)
