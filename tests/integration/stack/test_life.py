"""Start, stop, second start, taken port; as a person meets them."""

import json
import os
import socket
import stat
from pathlib import Path

import pytest

from tests.integration.stack.conftest import MakeStack
from tests.whole_stack import HarnessError, RunningStack

pytestmark = pytest.mark.xdist_group("stack")


def list_processes_of(stack: RunningStack) -> list[str]:
    """Return the command lines of all processes which carry this home in their environment, or work in it."""
    mark = f"STEMMA_HOME={stack.home.root}\0".encode()
    folders = (f"{stack.home.root}/", f"{stack.home.relocated}/")  # the servers overwrite their environment
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdecimal() or int(entry.name) == os.getpid():
            continue
        try:
            works_here = f"{(entry / 'cwd').readlink()}/".startswith(folders)
            if works_here or mark in (entry / "environ").read_bytes():
                found.append((entry / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:
            continue
    return found


def test_a_whole_life(make_stack: MakeStack) -> None:
    stack = make_stack()
    stack.start()
    assert set(stack.pids) == {"database", "broker", "web", "worker", "worker-short", "beat"}
    assert stack.is_ready()

    credentials = json.loads(stack.home.credentials.read_text())
    assert credentials == {
        "url": stack.url,
        "username": "admin",
        "password": credentials["password"],
        "token": "token-of-admin",
    }
    assert stat.S_IMODE(stack.home.credentials.stat().st_mode) == 0o600

    secrets = json.loads(stack.home.secrets.read_text())
    command_lines = list_processes_of(stack)
    assert len(command_lines) >= 8
    assert not [line for line in command_lines for secret in secrets.values() if secret in line]

    status = stack.run("status")
    assert status.returncode == 0
    assert all(part in status.stdout for part in stack.pids)
    assert stack.url in status.stdout

    second = stack.run("up")
    assert second.returncode == 1
    assert f"already running at {stack.url}" in second.stderr
    assert stack.is_ready()

    ports = stack.state.ports
    assert stack.stop() == 0
    assert list_processes_of(stack) == []
    assert stack.run("status").returncode == 3

    stack.start()
    assert stack.state.ports == ports, "addresses stay the same between starts"
    assert json.loads(stack.home.credentials.read_text())["password"] == credentials["password"]


def test_in_the_background(make_stack: MakeStack) -> None:
    stack = make_stack()
    started = stack.run("start")
    try:
        assert started.returncode == 0, started.stdout + started.stderr
        assert "database" in started.stdout
        assert "Stemma is ready at" in started.stdout
        assert "Ctrl-C" not in started.stdout
        said = f"Mail is not sent: messages are written to {stack.home.mail}"
        assert said in started.stdout
        assert said in stack.run("status").stdout
        again = stack.run("start")
        assert again.returncode == 0
        assert "already running" in again.stdout
    finally:
        stopped = stack.run("stop")
    assert stopped.returncode == 0
    assert list_processes_of(stack) == []
    assert "No Stemma is running" in stack.run("stop").stdout


def test_a_taken_port_names_its_holder_and_a_way_out(make_stack: MakeStack) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        stack = make_stack(port=port)
        refused = stack.run("up")
    assert refused.returncode == 1
    assert f"Port {port} is taken by process {os.getpid()}" in refused.stdout
    assert f"STEMMA_PORT={port + 1}" in refused.stdout
    assert list_processes_of(stack) == []


def test_a_part_that_cannot_start_shows_its_log_and_leaves_nothing(make_stack: MakeStack) -> None:
    stack = make_stack()
    (stack.checkout / "project" / "asgi.py").write_text("raise RuntimeError('no pages today')\n")
    with pytest.raises(HarnessError, match="no pages today"):
        stack.start()
    assert "web cannot start" in stack.output
    assert list_processes_of(stack) == []


def test_a_migration_that_fails_shows_its_log(make_stack: MakeStack) -> None:
    stack = make_stack()
    program = stack.checkout / "project" / "stack" / "prepare_database.py"
    program.write_text("raise SystemExit('column is missing')\n")
    with pytest.raises(HarnessError, match="column is missing"):
        stack.start()
    assert list_processes_of(stack) == []


def test_data_of_another_postgresql_are_left_alone(make_stack: MakeStack) -> None:
    stack = make_stack()
    data = stack.home.root / "postgres"
    data.mkdir(parents=True)
    stack.home.root.chmod(0o755)
    (data / "PG_VERSION").write_text("16\n")
    refused = stack.run("up")
    assert refused.returncode == 1
    assert "written by PostgreSQL 16" in refused.stdout
    assert "pg_restore" in refused.stdout
    assert [path.name for path in data.iterdir()] == ["PG_VERSION"]


def test_a_killed_first_start_leaves_nothing_that_looks_finished(make_stack: MakeStack) -> None:
    stack = make_stack()
    process = stack.launch()
    stack.wait_until(stack.home.secrets.exists, seconds=30, what="making its database")
    process.kill()
    process.wait()
    stack.start()
    assert stack.is_ready()
    assert [path for path in stack.home.root.iterdir() if path.name.startswith(".postgres")] == []


def test_servers_of_the_operator_replace_the_embedded_ones(make_stack: MakeStack) -> None:
    servers = make_stack("servers")
    servers.start()
    secrets = json.loads(servers.home.secrets.read_text())
    ports = servers.state.ports
    stack = make_stack(
        "home",
        DATABASE_URL=f"postgresql://stemma_app:{secrets['database_app']}@127.0.0.1:{ports['database']}/stemma",
        DATABASE_OWNER_URL=f"postgresql://stemma_owner:{secrets['database_owner']}@127.0.0.1:{ports['database']}/stemma",
        BROKER_URL=f"redis://:{secrets['broker']}@127.0.0.1:{ports['broker']}/1",
    )
    stack.start()
    assert set(stack.pids) == {"web", "worker", "worker-short", "beat"}
    assert "not embedded: DATABASE_URL is set" in stack.output
    assert not (stack.home.root / "postgres").exists()
    assert stack.run("status").returncode == 0
