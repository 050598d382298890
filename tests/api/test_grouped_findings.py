"""One cause in forty measurements is one finding with a list, wherever the deposit's findings are shown."""

import json
from typing import Any

import pytest

from repository.models import Deposit
from tests.api.conftest import as_token, make_token
from tests.deposits import add_measurement, make_published, settle
from tests.factories import make_deposit

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stemma_home", "unthrottled")]
MANY = 40


@pytest.fixture
def deposit() -> Deposit:
    deposit = make_deposit()
    for number in range(MANY):
        add_measurement(deposit, f"scan_{number:02}.raw", technique=["four_d_stem"])
    settle(deposit)
    return deposit


def test_forty_measurements_lack_each_answer_once(client: Any, deposit: Deposit) -> None:
    headers = as_token(make_token(deposit.owner))
    address = f"/api/v1/deposits/{deposit.pk}/"
    shown = client.get(address, headers=headers).json()
    single = [finding for one in shown["measurements"] for finding in one["findings"]]
    missing = [finding for finding in shown["findings"] if finding["code"] == "required_field_missing"]
    assert len(single) > MANY, "each measurement says its own"
    assert all("where" not in finding for finding in single)
    assert len({finding["pointer"] for finding in missing}) == len(missing) < 30
    for finding in missing:
        assert finding["severity"] == "error"
        assert [place["path"] for place in finding["where"]] == [
            f"scan_{number:02}.raw" for number in range(MANY)
        ]
        assert {place["measurement"] for place in finding["where"]} == {
            one["id"] for one in shown["measurements"]
        }
    checked = client.get(f"{address}validation/", headers=headers).json()
    assert checked["findings"] == shown["findings"]
    body = json.dumps({"accept_warnings": []})
    refused = client.post(f"{address}publish/", body, content_type="application/json", headers=headers).json()
    named = [finding for finding in refused["findings"] if finding["code"] == "required_field_missing"]
    assert {finding["pointer"] for finding in named} == {finding["pointer"] for finding in missing}
    assert all(len(finding["where"]) == MANY for finding in named)
    errors = sum(finding["severity"] == "error" for finding in refused["findings"])
    assert f"{errors} errors" in refused["detail"]


def test_the_page_counts_causes(client: Any, deposit: Deposit) -> None:
    for measurement in deposit.measurements.all():
        deposit.findings.create(
            measurement=measurement,
            stage="reading",
            layer="reading",
            severity="error",
            code="odd",
            message="It is odd.",
        )
    client.force_login(deposit.owner)
    html = client.get(f"/deposits/{deposit.pk}").content.decode()
    assert html.count("1 point to settle") + html.count("<strong>1</strong> point to settle") == 2
    assert html.count('<span class="severity error">') == 1


def test_a_new_version_says_what_it_leaves_out(client: Any) -> None:
    deposit = make_published().dataset.deposit
    headers = as_token(make_token(deposit.owner))
    address = f"/api/v1/deposits/{deposit.pk}/"
    assert client.get(address, headers=headers).json()["left_out"] == []
    path = deposit.files.get().path
    client.post(f"{address}new-version/", headers=headers)
    client.delete(f"{address}files/{path}", headers=headers)
    (left_out,) = client.get(address, headers=headers).json()["left_out"]
    assert left_out["path"] == path
    assert "keep it" in left_out["reason"]
