"""The running server keeps what its OpenAPI document says, whatever is sent to it."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from project.environment import CHECKOUT
from tests.api.conftest import as_token
from tests.patience import patient, wait_until
from tests.ties import tie

DOCUMENT = yaml.safe_load((CHECKOUT / "api" / "openapi.yaml").read_text(encoding="utf-8"))
MOST_EXAMPLES = 4
# Deleting, publishing and withdrawing what the other calls look at would leave them nothing but 404; chunks of uploads
# have a suite of their own.
LEFT_OUT = (
    "deleteDeposit", "publishDeposit", "withdrawDatasetVersion", "submitDeposit", "addMember", "sendChunk",
)  # fmt: skip
CHECKS = (
    "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance",
    "response_headers_conformance",
)  # fmt: skip


def test_the_committed_document_is_what_the_views_say() -> None:
    """`make openapi` writes it; a warning of the generator is an error."""
    checked = subprocess.run(
        tie(sys.executable, "-m", "tools.openapi"), cwd=CHECKOUT, capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_operations_have_names_of_their_own() -> None:
    names = [
        operation["operationId"]
        for operations in DOCUMENT["paths"].values()
        for operation in operations.values()
        if isinstance(operation, dict)
    ]
    assert len(names) == len(set(names))


@pytest.mark.stack
def test_the_server_serves_this_document(live_stack: Any) -> None:
    served = httpx.get(f"{live_stack.url}/api/v1/openapi.json").json()
    assert served["paths"].keys() == DOCUMENT["paths"].keys()
    assert served["openapi"].startswith("3.1")


@pytest.mark.stack
def test_whatever_is_sent_no_answer_breaks_the_contract(live_stack: Any, tmp_path: Path) -> None:
    """Schemathesis sends examples, edges and noise with a fixed seed; 5xx and undocumented answers are faults."""
    token = live_stack.credentials.token
    made = httpx.post(
        f"{live_stack.url}/api/v1/deposits/",
        json={"title": "For noise", "metadata": {"dataset": {"title": "For noise"}}},
        headers=as_token(token),
    )
    deposit_id = made.json()["id"]
    (tmp_path / "schemathesis.toml").write_text(
        f'[parameters]\n"path.deposit_id" = ["{deposit_id}", "zzzz-zzzz"]\n', encoding="utf-8"
    )
    noise = subprocess.run(
        tie(
            str(Path(sys.executable).parent / "schemathesis"),
            "--config-file", str(tmp_path / "schemathesis.toml"),
            "run", f"{live_stack.url}/api/v1/openapi.json",
            "--header", f"Authorization: Token {token}",
            "--seed", "20240229",
            "--max-examples", str(MOST_EXAMPLES),
            "--phases", "examples,coverage,fuzzing",
            "--checks", ",".join(CHECKS),
            "--workers", "2",
            "--request-timeout", f"{patient(20):.0f}",
            "--max-time", "30",
            "--no-color",
            *(word for name in LEFT_OUT for word in ("--exclude-operation-id", name)),
        ),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=patient(240),
    )  # fmt: skip
    assert noise.returncode == 0, noise.stdout[-8000:] + noise.stderr[-2000:]
    wait_until(lambda: httpx.get(f"{live_stack.url}/readyz").json()["status"] == "ok", "it is not ready")
