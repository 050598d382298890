"""groups, people and links: who works on deposits together, by command."""

import re
from pathlib import Path
from typing import Any

import httpx
import pytest

import stemma
from tests.client.conftest import Shell


@pytest.fixture
def draft(shell: Shell, tmp_path: Path) -> str:
    """Make a draft with one note."""
    (tmp_path / "notes.txt").write_text("thin")
    made: str = shell.run_json("deposit", tmp_path / "notes.txt", "--title", "Shared")["id"]
    return made


def test_a_group_is_made_and_people_are_invited(shell: Shell) -> None:
    made = shell.run_json("groups", "create", "Radium Institute", "--ror", "03yrm5c26")
    assert (made["role"], made["ror"]) == ("manager", "https://ror.org/03yrm5c26")
    assert made["id"] in [one["id"] for one in shell.run_json("groups", "list")["results"]]
    invited = shell.run_json("groups", "invite", made["id"], "irene@example.org", "--role", "manager")
    assert [(one["address"], one["role"]) for one in invited["invitations"]] == [
        ("irene@example.org", "manager")
    ]
    shown = shell.run("groups", "members", made["id"])
    assert shown.returncode == 0
    assert re.search(r"irene@example.org  manager, invited until \d{4}-\d\d-\d\d", shown.stdout)
    me = made["members"][0]["username"]
    for act in (["--set", me, "member"], ["--remove", me]):
        refused = shell.run_json("groups", "members", made["id"], *act, code=4)
        assert refused["status"] == 409, "a group keeps one manager"
    assert shell.run_json("groups", "members", made["id"], "--set", me, "king", code=2)["hint"]
    assert (
        shell.run_json("groups", "members", made["id"], "--set", me, "manager")["members"][0]["role"]
        == "manager"
    )


def test_roles_of_co_owners_are_set_and_taken(shell: Shell, draft: str) -> None:
    shared = shell.run_json("people", "set", draft, "irene", "view")
    assert shared["members"] == [{"username": "irene", "role": "view"}]
    assert shell.run_json("people", "set", draft, "irene", "publish")["members"][0]["role"] == "publish"
    invited = shell.run_json("people", "invite", draft, "fred@example.org")
    assert [(one["address"], one["role"]) for one in invited["invitations"]] == [("fred@example.org", "edit")]
    listed = shell.run("people", "list", draft)
    assert "irene  publish" in listed.stdout
    assert "fred@example.org  edit, invited until" in listed.stdout
    assert shell.run_json("people", "remove", draft, "irene")["members"] == []


def test_a_link_is_made_opened_listed_and_revoked(shell: Shell, draft: str, live_stack: Any) -> None:
    assert "There is no link." in shell.run("links", "list", draft).stdout
    made = shell.run_json("links", "make", draft, "Reviewers of the journal", "--days", "30")
    with stemma.connect(link=made["url"], transport=httpx.HTTPTransport()) as reader:
        assert reader.connection.token is None
        assert reader.open(made["url"]).id == draft
    (link,) = shell.run_json("links", "list", draft)["links"]
    assert (link["id"], link["for_whom"], link["state"]) == (made["id"], "Reviewers of the journal", "good")
    assert made["url"] not in shell.run("links", "list", draft).stdout
    (ended,) = shell.run_json("links", "revoke", draft, made["id"])["links"]
    assert ended["state"] == "revoked"
    assert httpx.get(made["url"]).status_code == 404
    told = shell.run("links", "make", draft, "Fred")
    assert told.stdout.startswith(f"{live_stack.url}/shared/")


@pytest.mark.parametrize(
    "arguments",
    [
        ["groups"],
        ["groups", "create", ""],
        ["groups", "members", "zzzz-zzzz"],
        ["groups", "invite", "not an id", "a@example.org"],
        ["people", "list", "zzzz-zzzz"],
        ["people", "set", "7q2m-x4dn", "irene", "king"],
        ["links", "make", "zzzz-zzzz", "Reviewers", "--days", "0"],
        ["links", "revoke", "zzzz-zzzz", "no-id"],
        ["links", "list", "zzzz-zzzz"],
    ],
)
def test_what_cannot_be_is_refused_with_one_object(shell: Shell, arguments: list[str]) -> None:
    problem = shell.run_json(*arguments, code=2)
    assert problem["code"]
    assert problem["detail"]
