"""kill -9: of every part, of the supervisor, of all at once."""

import json
from pathlib import Path

import pytest
import redis
from celery import Celery

from project.stack.processes import ProcessIdentity, identify, wait_until_gone
from tests.integration.stack.conftest import MakeStack
from tests.integration.stack.test_life import list_processes_of
from tests.patience import let_pass, patient, wait_until

pytestmark = pytest.mark.xdist_group("stack")


def test_every_part_comes_back_by_itself(make_stack: MakeStack) -> None:
    stack = make_stack()
    stack.start()
    for name in ("web", "worker", "worker-short", "beat", "broker", "database"):
        former = stack.identities[name]
        stack.kill(name)
        stack.wait_for_restart(former, seconds=30)
    assert {part.name: part.restarts for part in stack.state.parts} == dict.fromkeys(stack.pids, 1)
    assert all(part.last_exit == "killed by SIGKILL" for part in stack.state.parts)

    everything = list(stack.identities.values())
    stack.kill(*stack.pids)
    stack.wait_for_restart(*everything, seconds=60)
    assert stack.stop() == 0
    assert list_processes_of(stack) == []


def test_nothing_outlives_a_killed_supervisor(make_stack: MakeStack) -> None:
    stack = make_stack()
    stack.start()
    parts = list(stack.identities.values())
    stack.kill("supervisor")
    assert wait_until_gone(parts, seconds=patient(15)) == []
    wait_until(lambda: list_processes_of(stack) == [], "something outlives its supervisor")
    assert "database system is shut down" in stack.home.log_of("database").read_text()

    stack.start()
    assert "was interrupted" not in stack.home.log_of("database").read_text(), "the shutdown was a clean one"


def list_children(pid: int) -> list[ProcessIdentity]:
    """Return the direct children of a process."""
    words = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [identity for word in words if (identity := identify(int(word))) is not None]


@pytest.mark.parametrize("killed", ["worker", "supervisor"])
def test_a_busy_pool_process_dies_with_its_worker(make_stack: MakeStack, killed: str) -> None:
    stack = make_stack()
    stack.start()
    stack.wait_until(lambda: bool(list_children(stack.pids["worker"])), seconds=60, what="forking its pool")
    pool = list_children(stack.pids["worker"])
    password = json.loads(stack.home.secrets.read_text())["broker"]
    jobs = Celery(
        broker=f"redis://:{password}@127.0.0.1:{stack.state.ports['broker']}/0", set_as_current=False
    )
    jobs.send_task("spin", [600.0], queue="long")
    log = stack.home.log_of("worker")
    stack.wait_until(lambda: "received" in log.read_text(), seconds=60, what="busy")
    stack.kill(killed)
    assert wait_until_gone(pool, seconds=patient(10)) == []


def test_a_start_right_after_the_kill_waits_for_what_is_still_ending(make_stack: MakeStack) -> None:
    stack = make_stack()
    stack.start()
    stack.kill("supervisor")
    stack.start()
    assert stack.is_ready()


def test_messages_survive_the_death_of_the_broker(make_stack: MakeStack) -> None:
    stack = make_stack()
    stack.start()
    password = json.loads(stack.home.secrets.read_text())["broker"]
    client = redis.Redis(port=stack.state.ports["broker"], password=password, decode_responses=True)
    client.rpush("kept", *map(str, range(500)))
    let_pass(patient(1.2))  # appendfsync everysec
    former = stack.identities["broker"]
    stack.kill("broker")
    stack.wait_for_restart(former)
    client = redis.Redis(port=stack.state.ports["broker"], password=password, decode_responses=True)
    assert client.llen("kept") == 500


def test_a_part_that_keeps_dying_is_named_with_its_log(make_stack: MakeStack) -> None:
    stack = make_stack()
    stack.start()
    (stack.checkout / "project" / "celery.py").write_text("raise RuntimeError('broken jobs')\n")
    stack.kill("worker")

    def is_failing() -> bool:
        return any(part.name == "worker" and part.state == "failing" for part in stack.state.parts)

    stack.wait_until(is_failing, seconds=30, what="giving up on the worker")
    status = stack.run("status")
    assert status.returncode == 1
    assert str(stack.home.log_of("worker")) in status.stdout
    assert "broken jobs" in stack.home.log_of("worker").read_text()
