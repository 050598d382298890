"""The command as a process of its own: terminals that are not UTF-8, closed streams, pipes that break, full disks."""

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from tests.patience import patient
from tests.ties import tie

# The whole command, with the server in its own process.
PROGRAM = textwrap.dedent(
    """
    import sys
    from functools import partial
    from stemma.commands import program
    from tests.unit.client.fake_server import FakeServer
    server = FakeServer()
    program.run = partial(program.run, transport=server)
    try:
        program.main()
    finally:
        with open(sys.argv[0] + ".stored", "w", encoding="ascii") as stream:
            stream.write(ascii(sorted(path for _, path in server.contents)))
    """
)
CHECKOUT = Path(__file__).resolve().parents[3]
ASCII = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


@pytest.fixture
def session(tmp_path: Path) -> Path:
    (tmp_path / "program.py").write_text(PROGRAM)
    folder = tmp_path / "session"
    folder.mkdir()
    (folder / "数据 – Å.csv").write_text("x,y\n1,2\n")
    return folder


def _environment(session: Path, settings: dict[str, str]) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "TMPDIR") if name in os.environ}
    home = {name: str(session.parent / "own") for name in ("HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME")}
    server = {"STEMMA_URL": "http://stemma.test", "STEMMA_TOKEN": "secret", "PYTHONPATH": str(CHECKOUT)}
    return {**kept, **home, **server, "LANG": "C.UTF-8", **settings}


def _shell(session: Path, words: str, settings: dict[str, str]) -> subprocess.CompletedProcess[bytes]:
    """Run a line of the shell in which `$stemma` is the command."""
    program = {"stemma": f"{sys.executable} {session.parent / 'program.py'}", "session": str(session)}
    return subprocess.run(
        tie("bash", "-c", words),
        env={**_environment(session, settings), **program},
        capture_output=True,
        check=False,
        timeout=patient(240),
    )


def _stored(session: Path) -> str:
    return (session.parent / "program.py.stored").read_text(encoding="ascii")


@pytest.mark.parametrize(
    "settings",
    [
        {"PYTHONIOENCODING": "latin-1"},
        {"PYTHONIOENCODING": "ascii:strict"},
        ASCII,
        {"PYTHONIOENCODING": "cp037"},
    ],
    ids=["latin-1", "ascii", "C", "ebcdic"],
)
def test_a_deposit_ends_well_whatever_the_terminal_can_show(session: Path, settings: dict[str, str]) -> None:
    words = '$stemma deposit "$session" --json --title "数据 – Å"'
    done = _shell(session, words, settings)
    assert done.returncode == 0, done.stderr
    encoding = settings.get("PYTHONIOENCODING", "ascii").partition(":")[0]
    printed = json.loads(done.stdout.decode(encoding))
    assert [file["path"] for file in printed["files"]] == ["数据 – Å.csv"]
    assert printed["title"] == "数据 – Å"
    assert _stored(session) == ascii(["数据 – Å.csv"]), "stored under its own name"


def test_text_replaces_what_cannot_be_shown(session: Path) -> None:
    done = _shell(session, '$stemma deposit "$session" --title "数 – Å×"', {"PYTHONIOENCODING": "latin-1"})
    assert done.returncode == 0, done.stderr
    assert r"title: \u6570 - Å×" in done.stdout.decode("latin-1")


@pytest.mark.parametrize(
    ("redirection", "has_output"),
    [(">&-", False), ("2>&-", True), ("<&- >&- 2>&-", False), ("2> >(exec true) ", True)],
    ids=["no stdout", "no stderr", "none", "stderr breaks"],
)
def test_streams_that_are_closed_or_break_stop_no_deposit(
    session: Path, redirection: str, has_output: bool
) -> None:
    done = _shell(session, f'$stemma deposit "$session" --json {redirection}', {})
    assert done.returncode == 0, done.stderr
    assert _stored(session) == ascii(["数据 – Å.csv"])
    if has_output:
        assert json.loads(done.stdout)["state"] == "ready"
    assert b"Traceback" not in done.stderr


def test_nobody_who_reads_changes_no_exit_code(session: Path) -> None:
    (session / "gone").symlink_to("nowhere")
    words = '$stemma deposit "$session" --json | true; exit ${PIPESTATUS[0]}'
    done = _shell(session, words, {})
    assert (done.returncode, b"Traceback" in done.stderr) == (5, False)
    assert b"BrokenPipe" not in done.stderr


def test_a_result_that_cannot_be_written_is_a_sentence(session: Path) -> None:
    done = _shell(session, '$stemma deposit "$session" --json > /dev/full', {})
    assert done.returncode == 2
    assert b"could not be written: No space left on device. The work itself is done." in done.stderr
    assert b"Traceback" not in done.stderr
    assert b"Exception ignored" not in done.stderr


def test_downloads_find_their_names_in_a_locale_without_letters(session: Path) -> None:
    """The names on disk are UTF-8, whatever the locale says."""
    words = (
        f"{sys.executable} -c 'from stemma.texts import to_system_name; from pathlib import Path; import sys;"
        'Path(sys.argv[1], to_system_name("\\u6570.raw")).touch()\' "$session"'
    )
    done = _shell(session, words, ASCII)
    assert done.returncode == 0, done.stderr
    assert (session / "数.raw").exists()
