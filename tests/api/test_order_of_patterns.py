"""Answers by patterns stand in the order in which they were given, through storage, changes and versions."""

import json
from typing import Any

import pytest

from repository.models import Deposit, Measurement
from repository.services.deposits import update_deposit
from repository.services.publishing import start_new_version
from repository.services.succession import discard_new_version
from tests.api.test_table import Session, for_all
from tests.deposits import add_measurement, publish, settle
from tests.factories import make_deposit

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stemma_home", "unthrottled")]


def test_the_later_pattern_stands_over_the_earlier_as_it_was_sent(client: Any) -> None:
    """The database gives keys back by their length; a version that is given up gives the order back, too."""
    session = Session(client, "annular")
    address = f"/api/v1/deposits/{session.deposit.pk}/"

    def send(patterns: dict[str, Any]) -> list[str]:
        answer = client.patch(
            address,
            json.dumps({"metadata": {"measurements": patterns}}),
            content_type="application/json",
            headers=session.headers,
        )
        assert answer.status_code == 200, answer.content
        return list(client.get(address, headers=session.headers).json()["metadata"]["measurements"])

    long, short = {"night/scan_*.raw": {"notes": "the long one"}}, {"*/*": {"notes": "the short one"}}
    assert send(long | short) == ["night/scan_*.raw", "*/*"]
    assert Measurement.objects.get(pk=session.ids[0]).document["notes"] == "the short one"
    revision = Deposit.objects.get(pk=session.deposit.pk).revision
    assert send(short | long) == ["*/*", "night/scan_*.raw"]
    assert Deposit.objects.get(pk=session.deposit.pk).revision > revision, "another order is a change"
    assert Measurement.objects.get(pk=session.ids[0]).document["notes"] == "the long one"
    assert send(long | short) == ["night/scan_*.raw", "*/*"]
    session.answer(for_all("dwell_time", "1 us"), for_all("probe_current", "1 pA"))
    assert list(session.document()["measurements"]) == ["night/scan_*.raw", "*/*"], (
        "an answer moves no pattern"
    )


def test_a_version_that_is_given_up_gives_the_order_back() -> None:
    deposit = make_deposit()
    add_measurement(deposit)
    patterns = {"scan.*": {"notes": "the long one"}, "*": {"notes": "the short one"}}
    Deposit.objects.filter(pk=deposit.pk).update(document={**deposit.document, "measurements": patterns})
    publish(settle(deposit))
    start_new_version(deposit_id=deposit.pk, actor=deposit.owner)
    turned = dict(reversed(patterns.items()))
    update_deposit(deposit_id=deposit.pk, actor=deposit.owner, patch={"measurements": turned})
    assert list(Deposit.objects.get(pk=deposit.pk).document["measurements"]) == ["*", "scan.*"]
    discard_new_version(deposit_id=deposit.pk, actor=deposit.owner)
    assert list(Deposit.objects.get(pk=deposit.pk).document["measurements"]) == ["scan.*", "*"]
