"""kill -9 in the middle of a deposit: afterwards all was done exactly once in effect, and every byte is there."""

from collections.abc import Callable

import psutil
import pytest

from tests.integration.kill.conftest import FOLDERS, WORKERS, Announced, Kept, Victim

pytestmark = [pytest.mark.xdist_group("kill"), pytest.mark.timeout(900)]  # one Stemma for all of them
PARTS = ("database", "broker", "web", *WORKERS, "beat")


def kill_worker(victim: Victim) -> None:
    identities = victim.stack.identities
    victim.kill_worker_group()
    victim.stack.wait_for_restart(*(identities[name] for name in WORKERS))


def kill_broker_and_wipe_it(victim: Victim) -> None:
    former = victim.stack.identities["broker"]
    victim.stack.kill("broker")
    victim.wipe_broker()
    victim.stack.wait_for_restart(former)


def kill_database(victim: Victim) -> None:
    former = victim.stack.identities["database"]
    victim.stack.kill("database")
    victim.stack.wait_for_restart(former)


def is_running(pid: int) -> bool:
    """Return whether the process lives; one that nobody has buried yet does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def kill_everything(victim: Victim) -> None:
    pids = list(victim.stack.pids.values())
    victim.stack.kill("supervisor", *PARTS)
    # Orphans may stay in the table of processes for long: dead is enough.
    victim.stack.process = None
    victim.stack.wait_until(lambda: not any(map(is_running, pids)), seconds=30, what="dead")
    victim.stack.start()


def require_same(victim: Victim, deposit: str, undisturbed: Kept) -> None:
    record = victim.settle(deposit)
    assert record["state"] in {"needs_attention", "ready"}
    assert len(record["measurements"]) == len(FOLDERS)
    assert {item["state"] for item in record["measurements"]} == {"converted"}
    victim.require_done_once(deposit)
    kept = victim.keep(deposit)
    assert kept == undisturbed
    victim.require_bytes(kept)


def test_array_is_announced_while_it_is_converted(victim: Victim, announced: Announced) -> None:
    early, deposit = announced
    assert (early.status_code, early.json()["code"]) == (404, "converting")
    assert int(early.headers["Retry-After"]) > 0
    assert early.headers["Cache-Control"] == "private, no-store"
    victim.settle(deposit)
    assert victim.http.get(str(early.url)).status_code == 200


@pytest.mark.parametrize(
    "kill",
    [
        kill_worker,
        pytest.param(kill_broker_and_wipe_it, marks=pytest.mark.long),
        kill_database,
        kill_everything,
    ],
    ids=lambda kill: kill.__name__,
)
def test_kill_in_the_middle_of_a_conversion(
    victim: Victim, files: dict[str, bytes], undisturbed: Kept, kill: Callable[[Victim], None]
) -> None:
    deposit = victim.deposit(files)
    victim.wait_for_conversion(deposit, 0.1)
    kill(victim)
    victim.renew()
    require_same(victim, deposit, undisturbed)
    if kill in {kill_worker, kill_everything}:
        assert victim.count_attempts(deposit) > len(FOLDERS), "nothing was interrupted"


def test_jobs_that_no_message_announces(victim: Victim, files: dict[str, bytes], undisturbed: Kept) -> None:
    """The broker dies before the deposit is handed in: the rows alone bring the work back."""
    former = victim.stack.identities["broker"]
    victim.stack.kill("broker")
    victim.wipe_broker()
    deposit = victim.deposit(files)
    victim.stack.wait_for_restart(former)
    require_same(victim, deposit, undisturbed)


@pytest.mark.long
@pytest.mark.parametrize("share", [0.01, 0.3, 0.6])
@pytest.mark.parametrize(
    "kill", [kill_worker, kill_database, kill_everything], ids=lambda kill: kill.__name__
)
def test_kill_at_many_moments(
    victim: Victim,
    files: dict[str, bytes],
    undisturbed: Kept,
    kill: Callable[[Victim], None],
    share: float,
) -> None:
    deposit = victim.deposit(files)
    victim.wait_for_conversion(deposit, share)
    kill(victim)
    victim.renew()
    require_same(victim, deposit, undisturbed)


@pytest.mark.long
def test_worker_that_is_killed_again_and_again(
    victim: Victim, files: dict[str, bytes], undisturbed: Kept
) -> None:
    deposit = victim.deposit(files)
    for _ in range(3):
        victim.wait_for_conversion(deposit, 0.1)
        kill_worker(victim)
    require_same(victim, deposit, undisturbed)
