"""What can be computed of a measurement is offered to its owners, with parameters as the declarations have them."""

import re
from typing import Any

import pytest

from processing.declarations.book import get_book
from repository.models import Deposit, Signal
from repository.services.withdrawal import withdraw_version
from tests.deposits import make_published, make_ready
from tests.factories import make_user

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stemma_home")]


def read_page(client: Any, address: str) -> str:
    text: str = client.get(address).content.decode()
    return text


def list_offered(html: str) -> list[str]:
    return re.findall(r'data-recipe="(\w+)"', html)


def test_a_draft_offers_what_works_on_its_arrays(client: Any) -> None:
    deposit = make_ready()
    client.force_login(deposit.owner)
    html = read_page(client, f"/deposits/{deposit.pk}")
    asked_for = [
        one.name
        for one in get_book().recipes
        if "pattern_scan" in one.applies_to and (one.made == "request" or one.parameters)
    ]
    assert "radial_profile" in asked_for
    assert list_offered(html) == asked_for
    for parameter in get_book().get("radial_profile").parameters:
        (field,) = re.findall(rf'<input id="[^"]+-radial_profile-{parameter.name}"[^>]*>', html)
        for name, value in (
            ("min", parameter.lowest), ("max", parameter.highest), ("value", parameter.default),
        ):  # fmt: skip
            (given,) = re.findall(rf' {name}="([^"]+)"', field)
            assert float(given) == value
        assert f">{parameter.title}" in html
    assert "From 0.5 to 64 px; 1 unless you say otherwise." in html


def test_what_is_not_converted_or_of_another_kind_offers_nothing(client: Any) -> None:
    deposit = make_ready()
    client.force_login(deposit.owner)
    Signal.objects.update(converted_at=None)
    assert list_offered(read_page(client, f"/deposits/{deposit.pk}")) == []
    Signal.objects.update(converted_at=deposit.created_at, dtype="complex64")
    assert list_offered(read_page(client, f"/deposits/{deposit.pk}")) == []


def test_a_published_dataset_offers_it_to_its_owners_alone(client: Any) -> None:
    version = make_published()
    address = f"/datasets/{version.dataset_id}"
    assert list_offered(read_page(client, address)) == []
    client.force_login(make_user())
    assert list_offered(read_page(client, address)) == []
    deposit = Deposit.objects.get(pk=version.dataset_id)
    client.force_login(deposit.owner)
    assert "radial_profile" in list_offered(read_page(client, address))
    withdraw_version(dataset_id=deposit.pk, number=1, actor=deposit.owner, reason="Wrong sample.")
    assert list_offered(read_page(client, address)) == []
