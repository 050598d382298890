"""What this machine offers, what happens where it offers less, and the same as an ordinary user."""

from pathlib import Path
from typing import Any

import pytest

from confined.sandbox import (
    ReaderAccessError,
    ReaderMemoryLimitError,
    SandboxError,
    SandboxStatus,
    SandboxUnavailableError,
    availability,
    confinement,
    probe_sandbox,
    run_confined,
    running,
    status,
)
from confined.sandbox.namespaces import is_namespace_possible
from tests.unit.sandbox.conftest import LIMITS, Run

_CHECKOUT = Path(__file__).resolve().parents[3]


@pytest.fixture
def namespaces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Confine by namespaces though the kernel has Landlock."""
    if not is_namespace_possible():
        pytest.skip("this machine allows no user namespaces")
    monkeypatch.setattr(running, "choose_confinement", lambda _mode: "namespaces")


@pytest.fixture
def nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pretend to be a machine without Landlock and without namespaces."""
    monkeypatch.setattr(availability, "find_landlock_abi", lambda: 0)
    monkeypatch.setattr(availability, "is_namespace_possible", lambda: False)


def test_probe_tells_what_held() -> None:
    found = probe_sandbox()
    assert found.mode in {"landlock+seccomp", "namespaces"}
    assert found.as_dict() == {"mode": found.mode, "detail": found.detail}
    assert "closed to readers" in found.detail


def test_probe_does_not_trust_a_confinement_that_leaks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        status, "_attempt_escape", lambda _mode: {"files": False, "network": True, "processes": True}
    )
    assert status.try_escape("strict") == SandboxStatus("refused", "landlock+seccomp did not stop: files")


@pytest.mark.usefixtures("nothing")
def test_machine_without_confinement_reads_nothing_unless_told(output: Path) -> None:
    arguments: dict[str, Any] = {
        "program": "tests.unit.sandbox.programs.honest:echo",
        "request": {"a": 1},
        "inputs": {},
        "output": output,
        "limits": LIMITS,
        "on_message": lambda _: None,
    }
    with pytest.raises(SandboxUnavailableError, match="stored and not read") as caught:
        run_confined(**arguments)
    assert "STEMMA_SANDBOX=weak" in caught.value.finding.hint
    assert run_confined(**arguments, mode="weak") == {"a": 1}
    assert status.try_escape("strict").mode == "refused"
    assert status.try_escape("weak").mode == "weak"


@pytest.mark.usefixtures("namespaces")
def test_namespaces_show_the_inputs_and_close_the_rest(run: Run, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine", encoding="utf-8")
    (tmp_path / "other").write_text("other", encoding="utf-8")
    inputs = {"a/größe.raw": tmp_path / "mine"}
    assert run("honest:describe", inputs=inputs)["contents"] == {"a/größe.raw": "mine"}
    for path in ("/etc/passwd", str(tmp_path / "other"), str(_CHECKOUT / "pyproject.toml")):
        with pytest.raises(SandboxError, match="FileNotFoundError"):
            run("hostile:open_file", {"path": path}, inputs=inputs)
    with pytest.raises(SandboxError, match=r"OSError|something else"):
        run("hostile:truncate_input", {"name": "a/größe.raw", "how": "write"}, inputs=inputs)
    assert (tmp_path / "mine").read_text(encoding="utf-8") == "mine"
    with pytest.raises(ReaderAccessError, match="network"):
        run("hostile:use_network", {"kind": "udp"})
    with pytest.raises(ReaderMemoryLimitError):
        run("hostile:allocate", {"bytes": 4 << 30})


@pytest.mark.usefixtures("namespaces")
def test_namespaces_let_converters_write(run: Run, output: Path) -> None:
    assert run("write_zarr:main") == {"same": True}
    assert (output / "data" / "zarr" / "zarr.json").is_file()


def test_confinement_that_the_kernel_refuses_is_reported(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "choose_confinement", lambda _mode: "unheard of")
    with pytest.raises(SandboxUnavailableError):
        run("honest:echo")


def test_code_trees_leave_the_checkout_closed() -> None:
    trees = confinement.list_code_trees()
    assert _CHECKOUT not in trees
    assert not any(_CHECKOUT.is_relative_to(tree) for tree in trees)
