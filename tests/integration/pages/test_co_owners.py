"""Adding a co-owner tells nobody who has an account."""

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.factories import make_deposit, make_user

pytestmark = pytest.mark.django_db


def test_adding_a_co_owner_tells_nothing_of_accounts(client: Client) -> None:
    owner = make_user("owner")
    make_user("known")
    make_user("closed", is_active=False)
    client.force_login(owner)
    told = []
    for name in ("known", "closed", "nobody"):
        deposit = make_deposit(owner)
        with CaptureQueriesContext(connection) as asked:
            answer = client.post(
                f"/api/v1/deposits/{deposit.pk}/members/",
                {"username": name},
                content_type="application/json",
            )
        page = client.get(f"/deposits/{deposit.pk}").content.decode()
        shown = re.search(rf"<li>{name} .*?</li>", page)
        assert shown is not None
        statements = len(asked.captured_queries)
        line = shown[0].replace(name, "…").replace(deposit.pk, "…")
        told.append((answer.status_code, answer.json()["members"] == [name], statements, line))
    assert told[0][:2] == (200, True)
    assert told[1:] == [told[0]] * 2
