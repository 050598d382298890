"""Every command and program of the guides is run on a running Stemma, in its order; what is not says why."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.client.conftest import Shell, accept_warnings
from tests.client.experiments import write_experiment
from tests.client.guide_blocks import GUIDES, Block, list_blocks, list_guides
from tests.client.guide_session import Reader, open_terminal, write_session

EXAMPLE = "https://stemma.example.org"
LANGUAGES = {"sh", "python", "yaml", "text"}


def read_blocks(name: str) -> list[Block]:
    return list_blocks((GUIDES / f"{name}.md").read_text(encoding="utf-8"))


@pytest.fixture
def reader(live_stack: Any, tmp_path: Path) -> Reader:
    names = {"STEMMA_URL": live_stack.url, "STEMMA_TOKEN": live_stack.credentials.token}
    return open_terminal(tmp_path / "reader", {**live_stack.environment, **names})


def follow(reader: Reader, blocks: list[Block], find_words: Callable[[], Mapping[str, str]]) -> int:
    """Type what a guide says, from its beginning to its end; return how many blocks were run."""
    run = [block for block in blocks if block.language != "text" and not block.not_run]
    for block in run:
        if block.language != "python":
            reader.type(block, find_words())
    programs = [block for block in run if block.language == "python"]
    if programs:  # later ones go on with the names of earlier ones
        whole = Block("python", "\n".join(block.text for block in programs), programs[0].line)
        reader.type(whole, find_words())
    return len(run)


@pytest.mark.parametrize("guide", list_guides(), ids=lambda guide: guide.stem)
def test_every_block_is_run_or_says_why_not(guide: Path) -> None:
    for block in list_blocks(guide.read_text(encoding="utf-8")):
        assert block.language in LANGUAGES, f"line {block.line}: a block without a language is run by nobody"
        assert block.language != "yaml" or block.saved_as, f"line {block.line}: under which name is it saved?"
        assert block.language in {"sh", "python"} or not block.not_run
        if block.not_run:
            assert len(block.not_run.split()) > 3, f"line {block.line}: why?"
    is_followed = guide.stem in {"depositor", "planner", "modeller", "operator"}
    assert is_followed or guide.stem == "add-a-format", "a guide with blocks is followed below"


def test_what_a_planner_types(reader: Reader) -> None:
    assert follow(reader, read_blocks("planner"), lambda: {EXAMPLE: "none"}) >= 1


def test_what_a_modeller_runs(reader: Reader, published: tuple[dict[str, Any], Any], live_stack: Any) -> None:
    record, _ = published
    words = {
        EXAMPLE: live_stack.url,
        "7q2m-x4dn": record["id"],
        "m0b2-77af": record["measurements"][0]["id"],
    }
    assert follow(reader, read_blocks("modeller"), lambda: words) >= 3


@pytest.mark.long
def test_what_an_operator_types(reader: Reader) -> None:
    assert follow(reader, read_blocks("operator"), dict) >= 4
    assert (reader.folder / "stemma.dump").read_bytes()[:5] == b"PGDMP"


@pytest.mark.long
def test_what_a_depositor_types(reader: Reader, shell: Shell, live_stack: Any, tmp_path: Path) -> None:
    write_session(reader.folder / "session")
    other = write_experiment(tmp_path / "other", title="MoS2, published before")
    first = shell.run_json("deposit", other.folder, "--metadata", other.metadata)
    shell.run_json("publish", first["id"], *accept_warnings(first))
    token = {"Authorization": f"Token {live_stack.credentials.token}"}

    def list_all(kind: str) -> list[Any]:
        found: list[Any] = httpx.get(f"{live_stack.url}/api/v1/{kind}/", headers=token).json()["results"]
        return found

    def find_words() -> dict[str, str]:
        """Return the ids that the commands before have printed."""
        drafts = [one["id"] for one in list_all("deposits") if one["title"] == "MoS2 at 80 kV"]
        groups = [one["id"] for one in list_all("groups") if one["name"] == "Institute of Electron Optics"]
        made = dict(zip(("7q2m-x4dn", "m0b2-77af"), (drafts[:1] or [""]) + (groups[:1] or [""]), strict=True))
        return {"38mc-9thh": first["id"], **{written: meant for written, meant in made.items() if meant}}

    assert follow(reader, read_blocks("depositor"), find_words) >= 9
    draft = shell.run_json("status", find_words()["7q2m-x4dn"])
    assert draft["measurements"]


def test_a_command_that_fails_is_told_with_its_line(reader: Reader) -> None:
    with pytest.raises(AssertionError, match="line 7 of the guide ends with 2"):
        reader.type(Block("sh", "stemma open zzzz-zzzz\ntrue\n", 7), {})
    with pytest.raises(AssertionError, match="line 8 of the guide ends with 1"):
        reader.type(Block("python", "raise SystemExit(1)", 8), {})
