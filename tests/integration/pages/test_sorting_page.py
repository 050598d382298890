"""What arrived, and what becomes of it, on the deposit's page; and which mails an account wants."""

import html
import json
import re
from typing import Any

import pytest

from ingest.workflows import sort_deposit
from repository.models import Sorting, User
from repository.services.sorting import Wish
from tests.deposits import add_measurement, make_ready, publish, settle
from tests.factories import make_user, store_file

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stemma_home")]


def read_bodies(text: str) -> list[Any]:
    return [json.loads(html.unescape(body)) for body in re.findall(r'data-body="([^"]*)"', text)]


def test_the_page_says_what_arrived_and_offers_what_can_become_of_it(client: Any) -> None:
    deposit = make_ready()
    measurement = add_measurement(deposit, "other.raw", technique=["annular"], sample={})
    store_file(deposit, "run/.DS_Store", b"x")
    Sorting.objects.create(deposit=deposit, path="run/.DS_Store", fate="aside")
    settle(deposit)
    client.force_login(deposit.owner)
    address = f"/deposits/{deposit.pk}"
    page = client.get(address).content.decode()
    assert "3 files arrived: 2 measurements and 1 file set aside." in page
    assert "as nobody means to send it by its name: run/.DS_Store." in page
    restores = {"changes": [{"fate": "publish", "paths": ["run/.DS_Store"]}]}
    assert "What becomes of other.raw" in page
    assert restores in read_bodies(page)
    assert "needed for 1 measurement<" in page
    sort_deposit(
        deposit_id=deposit.pk, actor=deposit.owner, wishes=[Wish("private", measurements=(measurement.pk,))]
    )
    page = client.get(address).content.decode()
    assert "needed for" not in page, "nobody is asked about what is private"
    assert ">kept private</span>" in page
    assert '<option value="private" selected>' in page
    assert "Publish with DOI" in page
    deposit.refresh_from_db()
    publish(deposit)
    assert read_bodies(client.get(address).content.decode()) == []


def test_mails_are_turned_off_and_on(client: Any) -> None:
    user = make_user()
    client.force_login(user)
    assert client.get("/accounts/mails/").status_code == 405
    for form, wanted in (({}, False), ({"when_read": "on"}, True)):
        answer = client.post("/accounts/mails/", form)
        assert (answer.status_code, answer["Location"]) == (302, "/accounts/email/")
        assert User.objects.get(pk=user.pk).mails_when_read is wanted
        assert ("checked" in client.get("/accounts/email/").content.decode()) is wanted


def test_a_stranger_turns_off_nothing(client: Any) -> None:
    assert client.post("/accounts/mails/", {})["Location"].startswith("/accounts/login/")
