"""Who may import whom, and what never comes into the web process."""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

from project.environment import CHECKOUT
from tests.ties import tie

SCIENCE = (
    "numpy", "scipy", "h5py", "hdf5plugin", "zarr", "tensorstore", "numba", "rsciio", "dask", "xarray", "PIL",
)  # fmt: skip
ASK = """
import json, sys
from tests.environment import set_defaults
set_defaults()
import project.{module}
print(json.dumps(sorted(sys.modules)))
"""
ASK_FOR_RECIPES = """
import json, sys
from processing.declarations.book import get_book
assert len(get_book().recipes) > 5 and not get_book().problems
print(json.dumps(sorted(sys.modules)))
"""


def list_modules_of(module: str) -> set[str]:
    """Return what a fresh process has imported after it imported a module of the project."""
    return list_modules_after(ASK.format(module=module))


def list_modules_after(program: str) -> set[str]:
    """Return the modules that a fresh process names at the end of a program."""
    asked = subprocess.run(
        tie(sys.executable, "-c", program),
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert asked.returncode == 0, asked.stderr
    return set(json.loads(asked.stdout.splitlines()[-1]))


def test_no_science_library_comes_into_the_web_process() -> None:
    """They cost memory and seconds of every start, and a fault in one must not take the pages with it."""
    loaded = list_modules_of("asgi")
    assert "django" in loaded
    assert loaded & set(SCIENCE) == set()


def test_declarations_of_recipes_import_no_science_library() -> None:
    """Web and worker read every recipe; numbers are for the confined programs."""
    loaded = list_modules_after(ASK_FOR_RECIPES)
    assert "processing.recipes.radial_profile" in loaded
    assert loaded & {*SCIENCE, "django"} == set()


def test_the_web_process_never_imports_a_reader() -> None:
    """Uploaded bytes are parsed in the sandbox alone."""
    loaded = list_modules_of("asgi")
    assert [name for name in loaded if name.startswith(("ingest.readers.", "processing.engine."))] == []


def test_imports_point_down() -> None:
    checked = subprocess.run(
        tie(Path(sys.executable).parent / "lint-imports", "--no-cache"),
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout


def list_unplaced(checkout: Path) -> set[str]:
    """Return the modules and packages of the rooms with layers that no layer names: they might import anything."""
    contracts = tomllib.loads((CHECKOUT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    layers = next(one["layers"] for one in contracts if one["name"] == "Imports point down only")
    placed = {name.strip() for layer in layers for name in layer.split("|")}
    rooms = {name.partition(".")[0] for name in placed if "." in name}
    found = {
        f"{room}.{path.stem}"
        for room in rooms
        for path in (checkout / room).iterdir()
        if path.stem != "__init__" and (path.suffix == ".py" or (path.is_dir() and any(path.rglob("*.py"))))
    }
    return found - placed


def test_every_module_is_placed_on_purpose(tmp_path: Path) -> None:
    assert list_unplaced(CHECKOUT) == {"repository.apps", "repository.migrations"}, (
        "Django finds these by name"
    )
    for room in ("confined", "ingest", "processing", "repository"):
        (tmp_path / room / "oddments").mkdir(parents=True)
        (tmp_path / room / "oddments" / "__init__.py").touch()
    assert len(list_unplaced(tmp_path)) == 4


def test_the_client_stands_alone() -> None:
    """It is installed without the server, under another licence."""
    ours = ("project", "repository", "confined", "ingest", "processing", "api", "frontend", "django")
    for file in (CHECKOUT / "client" / "src").rglob("*.py"):
        for line in file.read_text(encoding="utf-8").splitlines():
            words = line.split()
            if len(words) > 1 and words[0] in {"import", "from"}:
                assert words[1].split(".")[0] not in ours, f"{file.name}: {line}"


def test_settings_are_read_in_one_place() -> None:
    """Below `project` the environment becomes settings; other code takes settings or arguments."""
    ours = re.compile(
        r"""environ(?:\.get\(|\[)\s*["'](?:STEMMA|DATABASE|BROKER|S3|DATACITE|ORCID)_|getenv\("""
    )
    readers = [
        str(file.relative_to(CHECKOUT))
        for package in ("project", "repository", "confined", "ingest", "processing", "api", "frontend")
        for file in (CHECKOUT / package).rglob("*.py")
        if ours.search(file.read_text(encoding="utf-8"))
    ]
    assert [name for name in readers if not name.startswith("project/")] == []
