"""`pip install ./client` in an environment that has nothing of the server."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.ties import tie

CHECKOUT = Path(__file__).resolve().parents[2]
UV = CHECKOUT / ".bootstrap/bin/uv"
INSTALLED_UV = CHECKOUT / ".bootstrap/uv/bin/uv"
SCRIPT = """
import importlib.metadata, json, sys
import stemma, stemma.commands.program
print(json.dumps({
    "names": sorted(name for name in stemma.__all__ if not hasattr(stemma, name)),
    "loaded": sorted(sys.modules),
    "license": importlib.metadata.metadata("stemma-client")["License-Expression"],
    "typed": (importlib.resources.files("stemma") / "py.typed").is_file(),
}))
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    uv = next((str(path) for path in (INSTALLED_UV, UV) if path.exists()), shutil.which("uv"))
    if uv is None:
        pytest.skip("needs uv, which `make` puts into .bootstrap")
    folder = tmp_path_factory.mktemp("clean")
    # A copy: building must not leave anything in the checkout.
    source = shutil.copytree(
        CHECKOUT / "client", folder / "client", ignore=shutil.ignore_patterns("__pycache__")
    )
    run(uv, "venv", "--python", sys.executable, str(folder / "venv"))
    run(uv, "pip", "install", "--python", str(folder / "venv/bin/python"), str(source))
    return folder / "venv/bin"


def run(*command: str) -> str:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        tie(*command), capture_output=True, text=True, check=False, env=environment, cwd="/"
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_it_imports_without_the_server(installed: Path) -> None:
    told = json.loads(run(str(installed / "python"), "-I", "-c", SCRIPT))
    assert told["names"] == []
    assert told["license"] == "MIT"
    assert told["typed"]
    foreign = {
        "django",
        "celery",
        "rsciio",
        "tensorstore",
        "fsspec",
        "aiohttp",
        "xarray",
        "repository",
        "confined",
        "ingest",
    }
    assert not foreign & set(told["loaded"])


def test_the_command_is_there(installed: Path) -> None:
    assert "deposit" in run(str(installed / "stemma"), "--help")
    done = subprocess.run(
        tie(installed / "stemma", "plan", "--json"), capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert json.loads(done.stdout)["code"] == "usage"


def test_missing_xarray_is_said(installed: Path) -> None:
    script = (
        "import stemma\n"
        "from stemma.connection import Connection\n"
        "signal = stemma.Signal(Connection('http://h'), {'name': 'data', 'shape': [1], 'dtype': 'u1'})\n"
        "try:\n    signal.to_xarray()\n"
        "except stemma.MissingDependencyError as error:\n    print(error)\n"
    )
    assert "./client[xarray]" in run(str(installed / "python"), "-I", "-c", script)
