"""Calibrations by pages and programs: made, numbered, taken for a deposit, taken back, shown where they are carried."""

import json
import re
from typing import Any

import pytest

from repository.models import Calibration, Deposit, Job, Measurement, User
from repository.services.instruments import create_instrument
from stemma.client import Client
from stemma.connection import Connection
from tests.api.bridge import Bridge
from tests.api.conftest import WebClient, as_token, make_token
from tests.calibrations import make_calibration, take
from tests.deposits import add_measurement, publish, settle
from tests.factories import make_deposit, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stemma_home", "unthrottled")]

SCAN = {"technique": ["four_d_stem"], "scan": "raster"}


def plain(text: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", text).split())


def test_pages_make_a_calibration_and_take_it_for_many(
    client: Any, django_assert_max_num_queries: Any
) -> None:
    deposit = make_deposit()
    scans = [add_measurement(deposit, f"{number}.raw", **SCAN) for number in range(3)]
    settle(deposit)
    client.force_login(deposit.owner)
    record = create_instrument(actor=deposit.owner, fields={"name": "TEAM I"})
    address = f"/instruments/{record.pk}/calibration"
    typed = {
        "quantity": "scan_rotation",
        "value": "12.5 ± 0.2 deg",
        "method": "fitted",
        "text": "edge of a twin",
        "condition:acceleration_voltage": "80",
    }
    for wrong, words in (
        ({"value": "12.5 nm"}, "not measured in"),
        ({"quantity": "dwell_time"}, "nothing that a calibration says"),
        ({"text": ""}, "calibrated from"),
        ({"measurement": "0000-0000"}, "There is no measurement"),
        ({"condition:acceleration_voltage": "much"}, "much"),
    ):
        refused = client.post(address, typed | wrong)
        assert refused.status_code == 422, wrong
        assert words in plain(refused.text)
    assert 'value="edge of a twin"' in refused.text, "what was typed stays"
    made = client.post(address, typed)
    row = Calibration.objects.get()
    assert made["Location"] == f"/calibrations/{row.series}"
    assert client.post(made["Location"], {"value": "12.6 deg", "note": "again"}).status_code == 302
    page = plain(client.get(made["Location"]).text)
    assert "12.5 ± 0.2 °" in page
    assert "number 2" in page
    assert "Fitted: edge of a twin" in page
    assert "12.6" in client.get(f"/instruments/{record.pk}").text
    taking = f"/deposits/{deposit.pk}/calibrations?calibration={row.series}/2"
    with django_assert_max_num_queries(20):
        shown = client.get(taking).text
    keys = re.findall(r'name="key" value="([^"]+)" checked', shown)
    assert set(keys) == {scan.pk for scan in scans}
    taken = client.post(taking.partition("?")[0], {"calibration": f"{row.series}/2", "key": keys[:2]})
    carried = [Measurement.objects.get(pk=key).document.get("scan_rotation", {}) for key in keys]
    assert [one.get("calibration") for one in carried] == [f"{row.series}/2"] * 2 + [None]
    change = taken["Location"].split("taken=")[1]
    assert change in client.get(taken["Location"]).text
    client.post(taking.partition("?")[0], {"undo": change})
    assert "calibrations" not in Deposit.objects.get(pk=deposit.pk).document
    assert client.post(taking.partition("?")[0], {"calibration": "x"}).status_code == 422


def test_a_published_signal_says_what_it_carries_to_everybody(client: Any) -> None:
    deposit = make_deposit()
    scan = add_measurement(deposit, "a.raw")
    settle(deposit)
    row = make_calibration(deposit.owner, value="0.5 ± 0.01 nm")
    take(deposit, row, stands_over=True)
    # The arrays of this deposit are none: what would write them anew is not waited for.
    Job.objects.filter(deposit=deposit).delete()
    Deposit.objects.filter(pk=deposit.pk).update(state="ready")
    publish(Deposit.objects.get(pk=deposit.pk))
    page = plain(client.get(f"/datasets/{deposit.pk}").text)
    assert (
        f"Scan step 0.5 ± 0.01 nm on scan_y, scan_x: calibration {row.series}, number 1"
        " (Standard sample: cross grating, 463 nm)." in page
    )
    assert f"from a calibration {row.reference}" in page
    (listed,) = client.get(f"/api/v1/measurements/{scan.pk}/calibrations/").json()["results"]
    assert listed["signal"] == "data"
    assert [(one["id"], one["number"], one["axes"]) for one in listed["calibrations"]] == [
        (row.series, 1, ["scan_y", "scan_x"])
    ]
    (signal,) = client.get(f"/api/v1/measurements/{scan.pk}/").json()["signals"]
    assert signal["calibrations"] == listed["calibrations"]
    assert [axis["calibration"] for axis in signal["axes"]] == [row.reference, row.reference, None, None]
    # The record itself is not theirs to see.
    assert client.get(f"/api/v1/calibrations/{row.series}/1/").status_code == 401


class Program:
    """A program that carries a token of somebody."""

    def __init__(self, client: Any, owner: User) -> None:
        self._client, self._headers = client, as_token(make_token(owner))

    def send(self, method: str, address: str, body: Any = None, **more: str) -> Any:
        content = json.dumps(body) if body is not None else ""
        headers = {**self._headers, **more}
        address = f"/api/v1/{address}"
        return self._client.generic(
            method, address, content, content_type="application/json", headers=headers
        )


MATRIX: dict[str, Any] = {
    "quantity": "detector_to_scan_matrix",
    "value": [[0, 1], [-1, 0]],
    "method": "typed",
    "calibrated_from": {"text": "by eye"},
}


def test_programs_add_numbers_that_stay(client: Any) -> None:
    owner = make_user()
    send = Program(client, owner).send
    record = create_instrument(actor=owner, fields={"name": "TEAM I"})
    listed = f"instruments/{record.pk}/calibrations/"
    wrong = send("POST", listed, {**MATRIX, "value": "3 nm"})
    assert (wrong.status_code, wrong.json()["pointer"], bool(wrong.json()["hint"])) == (422, "/value", True)
    made = send("POST", listed, MATRIX)
    assert made.status_code == 201
    address = f"calibrations/{made.json()['id']}/"
    assert send("POST", address, {"method": "fitted"}, **{"If-Match": '"r1"'}).status_code == 412
    second = send("POST", address, {"method": "fitted"}, **{"If-Match": made["ETag"]})
    assert (second.json()["number"], second.json()["calibrated_from"]) == (2, "Fitted: by eye")
    assert send("GET", f"{address}1/").json()["method"] == "typed"
    assert send("GET", f"{address}99999999999999999999/").status_code == 404
    assert [one["number"] for one in send("GET", address).json()["results"]] == [2, 1]
    assert [one["number"] for one in send("GET", listed).json()["results"]] == [2]
    stranger = make_calibration(make_user())
    assert send("POST", address, {"calibrated_from": {"calibration": stranger.reference}}).status_code == 404
    circular = {"calibrated_from": {"calibration": f"{made.json()['id']}/1"}}
    refused = send("POST", address, circular)
    assert (refused.status_code, "rest on itself" in refused.json()["detail"]) == (422, True)


def test_programs_take_a_number_and_take_it_back(client: Any) -> None:
    owner = make_user()
    send = Program(client, owner).send
    row = make_calibration(owner, MATRIX["quantity"], value=MATRIX["value"])
    deposit = make_deposit(owner)
    scan = add_measurement(deposit, "a.raw", **SCAN)
    settle(deposit)
    taking = f"deposits/{deposit.pk}/calibrations/"
    dry = send("POST", taking, {"calibration": row.series, "dry_run": True}).json()
    assert (dry["change"], dry["saved"]) == (None, 1)
    taken = send("POST", taking, {"calibration": row.series, "number": 1}).json()
    document = Measurement.objects.get(pk=scan.pk).document
    assert document["detector_to_scan_matrix"]["calibration"] == f"{row.series}/1"
    undone = send("POST", f"deposits/{deposit.pk}/table/changes/{taken['change']}/undo/")
    assert undone.json()["saved"] == 1
    assert send("POST", f"calibrations/{row.series}/", {"is_retired": True}).status_code == 201
    retired = send("POST", taking, {"calibration": row.series})
    assert (retired.status_code, retired.json()["pointer"]) == (422, "/number")
    stranger = make_calibration(make_user())
    assert send("POST", taking, {"calibration": stranger.series}).status_code == 404


@pytest.mark.django_db(transaction=True)
def test_the_client_adds_numbers_and_takes_them(web: WebClient) -> None:
    owner = make_user()
    deposit = make_deposit(owner)
    scan = add_measurement(deposit, "a.raw", **SCAN)
    settle(deposit)
    with Connection("https://stemma.example", make_token(owner), transport=Bridge(web)) as server:
        client = Client(server)
        record = client.create_instrument("TEAM I")
        made = record.add_calibration("scan_rotation", "12.5 deg", method="fitted", text="twin edge")
        second = client.add_calibration_number(made["id"], "12.6 ± 0.1 deg", note="again")
        assert [one["number"] for one in client.calibration_numbers(made["id"])] == [2, 1]
        assert [one["text"] for one in record.calibrations()] == ["12.6 ± 0.1 deg"]
        held = client.open(deposit.pk)
        shown = held.take_calibration(made["id"], dry_run=True)
        assert (shown["saved"], shown["change"]) == (1, None)
        taken = held.take_calibration(made["id"], measurements=[scan.pk])
        (signal,) = client.open(deposit.pk).measurements[0].signals.values()
        assert [(one["id"], one["number"]) for one in signal.calibrations] == [(made["id"], second["number"])]
        assert held.undo(taken["change"])["saved"] == 1


def test_the_page_lists_what_was_taken_and_leads_to_what_is_newer(client: Any) -> None:
    """A later file and a later number are found there: neither changes anything by itself."""
    deposit = make_deposit()
    add_measurement(deposit, "a.raw", **SCAN)
    settle(deposit)
    client.force_login(deposit.owner)
    address = f"/deposits/{deposit.pk}/calibrations"
    assert "Taken here" not in client.get(address).text
    row = make_calibration(deposit.owner, "scan_rotation", value="12.5 deg")
    take(deposit, row)
    late = add_measurement(deposit, "late.raw", **SCAN)
    settle(Deposit.objects.get(pk=deposit.pk))
    listed = plain(client.get(address).text)
    assert f"Scan rotation {row.reference} 12.5 ° 1" in listed
    assert "number 2" not in listed
    assert "calibration" not in Measurement.objects.get(pk=late.pk).document.get("scan_rotation", {})
    client.post(f"/calibrations/{row.series}", {"value": "12.6 deg"})
    page = client.get(address).text
    assert f'href="{address}?calibration={row.series}/2"' in page
    assert "number 2" in plain(page)
