"""A checkout in an odd folder: set up, or refused at once with the reason, before anything is fetched."""

import shutil
import subprocess
from pathlib import Path

import pytest

from project.environment import CHECKOUT
from project.stack.home import prepare_home
from project.stack.parts import spare_this_machine
from project.stack.terminal import StackError
from project.stack.valkey import _quote
from tests.ties import tie


def _make_checkout(folder: Path) -> Path:
    """Put the files there that decide; whoever goes on without asking fails later, and leaves a folder."""
    for name in ("Makefile", "package.json"):
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(CHECKOUT / name, folder)
    shutil.copytree(
        CHECKOUT / "tools", folder / "tools", ignore=shutil.ignore_patterns("*.py", "__pycache__")
    )
    return folder


@pytest.mark.parametrize("verb", ["start", "up", "demo", "check", "test", "examples", "pages"])
def test_a_path_that_tools_cut_is_refused_at_once(tmp_path: Path, verb: str) -> None:
    checkout = _make_checkout(tmp_path / "a #1" / "stemma")
    done = subprocess.run(tie("make", verb), cwd=checkout, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert f"cannot be set up in {checkout}: its path holds #" in done.stderr
    assert "Move the checkout" in done.stderr
    assert not (checkout / ".bootstrap").exists(), "nothing was begun"


@pytest.mark.parametrize("symbol", [*'#?%\\:"$`*[]{}<>|', "\n", "\t", "\x7f"])
def test_each_symbol_that_breaks_a_tool_is_named(tmp_path: Path, symbol: str) -> None:
    checkout = _make_checkout(tmp_path / f"a{symbol}b")
    done = subprocess.run(
        tie("sh", "tools/bootstrap.sh", "base"), cwd=checkout, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert f"holds {symbol if symbol.isprintable() else 'an invisible character'}\n" in done.stderr


def test_a_link_does_not_hide_the_path(tmp_path: Path) -> None:
    _make_checkout(tmp_path / "a#b")
    (tmp_path / "plain").symlink_to(tmp_path / "a#b")
    done = subprocess.run(
        tie("sh", "tools/build_frontend.sh"),
        cwd=tmp_path / "plain",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2


def test_spaces_and_letters_do_no_harm(tmp_path: Path) -> None:
    checkout = _make_checkout(tmp_path / " (1) é中+,@=~&'!;^_-.")
    done = subprocess.run(
        tie("sh", "-c", ". tools/odd_path.sh; echo goes on"),
        cwd=checkout,
        capture_output=True,
        text=True,
        check=True,
    )
    assert (done.stdout, done.stderr) == ("goes on\n", "")


@pytest.mark.parametrize("folder", ["it's", 'a"b', "a$b `c` #d", "a;b"])
def test_the_folder_of_a_person_arrives_as_it_was_given(folder: str) -> None:
    done = subprocess.run(
        tie("make", "--no-print-directory", "-n", "-o", "base", "examples", f"DATA={folder}"),
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=True,
    )
    words = done.stdout.strip().partition("--data ")[2]
    shown = subprocess.run(tie("sh", "-c", f"printf %s {words}"), capture_output=True, text=True, check=True)
    assert shown.stdout == folder


def test_the_broker_is_given_its_folder_whole() -> None:
    assert _quote(Path('/srv/a "b"/c\\d')) == '"/srv/a \\"b\\"/c\\\\d"'


def test_a_home_that_the_database_refuses_is_refused_before(tmp_path: Path) -> None:
    with pytest.raises(StackError, match="invisible character"):
        prepare_home(tmp_path / "a\nb")
    assert not list(tmp_path.iterdir())


def test_no_part_reaches_another_through_a_proxy() -> None:
    assert spare_this_machine({"PATH": "/bin"}) == {}
    spared = spare_this_machine({"HTTP_PROXY": "http://127.0.0.1:9", "NO_PROXY": "intra.example"})
    assert spared["NO_PROXY"] == spared["no_proxy"]
    assert spared["NO_PROXY"].split(",")[:4] == ["intra.example", "localhost", "127.0.0.1", "::1"]
    everything = spare_this_machine({"all_proxy": "socks5h://127.0.0.1:9", "no_proxy": "*"})
    assert everything == {"NO_PROXY": "*", "no_proxy": "*"}
