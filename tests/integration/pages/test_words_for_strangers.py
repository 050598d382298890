"""What strangers read first: one way to install, scopes that are explained, a next step that works, versions named."""

import re
from typing import Any

import pytest
from django import forms
from django.template.loader import render_to_string

from frontend.views.tokens import _USUAL
from project.environment import CHECKOUT
from repository.models import Deposit
from repository.selectors.accounts import TOKEN_SCOPES
from repository.services.publishing import publish_deposit, start_new_version
from tests.factories import make_user
from tests.integration.pages.conftest import bring_to_ready

pytestmark = pytest.mark.django_db
INSTALL = "pip install ./client"


def list_installs(text: str) -> set[str]:
    """Return how a text says that the client is installed, without its extras."""
    found = re.findall(r"pip install ['\"]?(\./client|stemma[\w-]*)", text)
    return set(found)


def test_everything_names_one_way_to_install_the_client(client: Any, published: Deposit) -> None:
    about = client.get("/about").content.decode()
    assert INSTALL in about
    texts = [about, client.get(f"/datasets/{published.pk}").content.decode()]
    places = [*CHECKOUT.glob("*.md"), *(CHECKOUT / "docs").rglob("*.md"), *(CHECKOUT / "client").rglob("*.*")]
    texts += [path.read_text() for path in places if path.suffix in {".md", ".py"}]
    assert set().union(*map(list_installs, texts)) == {"./client"}


def test_each_scope_is_explained_with_the_commands_that_need_it(client: Any) -> None:
    client.force_login(make_user("marie"))
    page = client.get("/tokens").content.decode()
    for scope in TOKEN_SCOPES:
        assert f"<strong>{scope}</strong>: " in page
    for command in ("stemma deposit", "stemma publish", "stemma get"):
        assert f"<code>{command}</code>" in page


def test_the_next_step_in_the_readme_needs_only_the_scopes_that_a_token_usually_has() -> None:
    assert {"read", "deposit"} == _USUAL
    readme = (CHECKOUT / "README.md").read_text()
    steps = re.findall(r"^stemma .*$", readme, re.MULTILINE)
    assert any(step.startswith("stemma deposit") for step in steps)
    assert not [step for step in steps if re.search(r"stemma publish|--publish", step)]


def test_optional_is_said_once() -> None:
    """The label of allauth's own forms says it already."""

    class Theirs(forms.Form):
        email = forms.EmailField(label="Email (optional)", required=False)
        note = forms.CharField(label="Note", required=False)

    html = render_to_string("allauth/elements/fields.html", {"attrs": {"form": Theirs()}})
    assert html.count("(optional)") == 2


def test_a_version_that_is_not_there_says_which_are(client: Any, published: Deposit) -> None:
    for address in (
        f"/datasets/{published.pk}?version=9",
        f"/datasets/{published.pk}.v9",
        f"/doi/10.5072/{published.pk}.v9",
        f"/datasets/{published.pk}.bib?version=9",
        f"/api/v1/datasets/{published.pk}/versions/9/",
        f"/api/v1/datasets/{published.pk}.v9/",
        f"/linkset/{published.pk}.v9",
    ):
        answer = client.get(address)
        assert answer.status_code == 404
        text = answer.content.decode()
        assert f"The dataset {published.pk} has no version 9." in text, address
        assert "It has one version: 1." in text, address
    there = client.get(f"/datasets/{published.pk}.v1")
    assert (there.status_code, there["Location"]) == (302, f"/datasets/{published.pk}?version=1")
    named = client.get(f"/api/v1/datasets/{published.pk}.v1/")
    assert named.json() == client.get(f"/api/v1/datasets/{published.pk}/versions/1/").json()
    assert client.get(f"/linkset/{published.pk}.v1").status_code == 200
    start_new_version(deposit_id=published.pk, actor=published.owner)
    deposit = bring_to_ready(Deposit.objects.get(pk=published.pk))
    warnings = {row.code for row in deposit.findings.filter(severity="warning")}
    accepted = [{"code": code} for code in warnings]
    publish_deposit(deposit_id=deposit.pk, actor=deposit.owner, accept_warnings=accepted)
    assert "It has the versions 1 and 2." in client.get(f"/doi/10.5072/{published.pk}.v9").content.decode()
    # Of what is not published nothing is said.
    assert "versions" not in client.get("/doi/10.5072/0000-0000.v9").content.decode()
