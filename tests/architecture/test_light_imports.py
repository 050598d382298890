"""What the users' package loads: naming it costs nothing, and the command asks for no arrays before it needs them."""

import subprocess
import sys

import pytest

import stemma
from tests.ties import tie

HEAVY = {"dask", "h5py", "numpy", "pandas", "xarray", "zarr"}
TALKING = {"click", "httpx", "rich"}


def list_loaded(statement: str) -> set[str]:
    """Return the packages that a fresh interpreter has loaded after a statement."""
    told = f"{statement}\nimport sys\nprint(*{{name.partition('.')[0] for name in sys.modules}}, file=sys.stderr)"
    finished = subprocess.run(tie(sys.executable, "-c", told), capture_output=True, text=True, check=True)
    return set(finished.stderr.split())


@pytest.mark.parametrize(
    ("statement", "unwanted"),
    [
        ("import stemma", HEAVY | TALKING),
        ("from stemma import StemmaError", HEAVY | TALKING),
        ("from stemma import connect", HEAVY),
        (
            (
                "import sys, contextlib\nfrom stemma.commands.program import main\nsys.argv[1:] = ['--help']\n"
                "with contextlib.suppress(SystemExit):\n    main()"
            ),
            HEAVY,
        ),
    ],
    ids=["import stemma", "an error", "connect", "stemma --help"],
)
def test_what_is_not_needed_is_not_loaded(statement: str, unwanted: set[str]) -> None:
    loaded = list_loaded(statement)
    assert "stemma" in loaded
    assert not loaded & unwanted


def test_every_name_is_there_when_it_is_asked_for() -> None:
    assert set(stemma.__all__) <= set(dir(stemma))
    for name in stemma.__all__:
        assert getattr(stemma, name).__name__ == name
    with pytest.raises(AttributeError, match="no_such_name"):
        stemma.no_such_name  # noqa: B018
    assert "numpy" in list_loaded("from stemma import Signal"), "the test sees what is loaded"
