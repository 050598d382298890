"""Records by pages and programs: one is made, its presets are typed, and it answers in a deposit and is taken back."""

import json
import re
from typing import Any

import pytest

from repository.models import Deposit, Instrument, Measurement, Sample
from tests.api.conftest import as_token, make_token
from tests.deposits import add_measurement, settle
from tests.factories import make_deposit, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stemma_home", "unthrottled")]

HEADER = {"technique": ["annular"], "acquired_at": "2026-03-04T10:00:00Z", "instrument": {"name": "TITAN"}}


def refuse_what_is_wrong(client: Any, address: str, typed: dict[str, str]) -> None:
    for wrong, words in (
        ({"value:probe_current": "much"}, "much"),
        ({"value:annular_detectors[].inner_angle": "0"}, "1 values were given for 2"),
        ({"more": "dwell_time = 1 us"}, "each measurement"),
        ({"more": "nothing"}, "Line 1"),
        ({"valid_from": "soon"}, "Write a day"),
        ({"valid_to": "2024-01-01"}, "before it begins"),
    ):
        answer = client.post(address, typed | wrong)
        assert answer.status_code == 422, wrong
        assert words in answer.text
        assert 'value="80"' in answer.text, "what was typed stays"


def test_pages_make_records_and_take_their_answers(client: Any, django_assert_max_num_queries: Any) -> None:
    deposit = make_deposit()
    measurement = add_measurement(deposit, "a.dm4", **HEADER, sample=None, probe_current="3 pA")
    settle(deposit)
    client.force_login(deposit.owner)
    refused = client.post("/instruments/", {"name": " ", "model": "Titan"})
    assert refused.status_code == 422
    assert "has no name" in refused.text
    assert 'value="Titan"' in refused.text
    made = client.post("/instruments/", {"name": "TEAM I", "model": "Titan", "header_names": "other\nnames"})
    record = Instrument.objects.get()
    assert made["Location"] == f"/instruments/{record.pk}"
    typed = {
        "valid_from": "2025-01-01",
        "condition:acceleration_voltage": "80",
        "value:probe_current": "20 pA",
        "value:illumination": "convergent",
        "value:annular_detectors[].name": "BF; HAADF",
        "value:annular_detectors[].inner_angle": "0; 68",
        "value:annular_detectors[].outer_angle": "20; 200 mrad",
        "more": "camera.threshold = 40 keV",
    }
    address = f"/instruments/{record.pk}/preset"
    refuse_what_is_wrong(client, address, typed)
    assert client.post(address, typed).status_code == 302
    preset = record.presets.get()
    assert preset.conditions["acceleration_voltage"]["unit"] == "kV"
    assert [one["outer_angle"]["value"] for one in preset.values["annular_detectors"]] == [20, 200]
    edited = client.get(f"{address}?preset={preset.pk}")
    assert 'value="0 mrad; 68 mrad"' in edited.text
    assert "camera.threshold = 40 keV" in edited.text
    assert client.get(f"{address}?preset=zzzz").status_code == 404
    shown = client.get(f"/instruments/{record.pk}")
    assert "Annular detectors: inner angle" in shown.text
    assert "/facility" not in shown.text
    with django_assert_max_num_queries(20):
        offers = client.get(f"/deposits/{deposit.pk}/records")
    assert "is recognized in the header of 1 measurement" in re.sub(r"<[^>]+>", "", offers.text)
    assert "header 3 pA, preset 20 pA" in offers.text
    assert "BF 0 mrad 20 mrad; HAADF 68 mrad 200 mrad" in offers.text

    taken = client.post(f"/deposits/{deposit.pk}/records", {"instrument": record.pk})
    measurement.refresh_from_db()
    assert measurement.cells["illumination"]["source"] == "instrument"
    assert measurement.cells["probe_current"]["state"] == "conflict"
    change = taken["Location"].split("taken=")[1]
    assert change in client.get(taken["Location"]).text
    client.post(f"/deposits/{deposit.pk}/records", {"undo": change})
    measurement.refresh_from_db()
    assert "illumination" not in measurement.cells or measurement.cells["illumination"]["state"] != "value"


def test_pages_keep_samples_and_repeat_the_last_deposit(client: Any) -> None:
    deposit = make_deposit()
    add_measurement(deposit, "a.dm4", **HEADER, sample=None)
    settle(deposit)
    client.force_login(deposit.owner)
    assert (
        client.post(
            "/samples/", {"name": "Batch 7", "kind": "specimen", "value:sample.formula": "MoS2"}
        ).status_code
        == 302
    )
    sample = Sample.objects.get()
    circular = client.post(
        f"/samples/{sample.pk}", {"name": "Batch 7", "kind": "region", "made_of": sample.pk}
    )
    assert circular.status_code == 422
    assert "cannot be part of itself" in circular.text
    client.post(f"/deposits/{deposit.pk}/records", {"sample": sample.pk})
    assert Measurement.objects.get().document["sample"]["formula"] == "MoS2"
    # The next deposit is answered as this one was.
    second = make_deposit(deposit.owner)
    page = client.get(f"/deposits/{second.pk}/records").text
    names = re.findall(r'name="answer" value="([^"]+)"', page)
    assert "all::sample.formula" in names
    client.post(f"/deposits/{second.pk}/records", {"last": "yes", "answer": names})
    assert Deposit.objects.get(pk=second.pk).document["defaults"]["sample"]["formula"] == "MoS2"


def test_programs_change_records_on_the_revision_that_they_saw(client: Any) -> None:
    owner = make_user()
    headers = as_token(make_token(owner))

    def send(method: str, address: str, body: Any = None, **more: str) -> Any:
        return client.generic(
            method,
            f"/api/v1/{address}",
            json.dumps(body) if body is not None else "",
            content_type="application/json",
            headers={**headers, **more},
        )

    made = send("POST", "instruments/", {"name": "TEAM I", "source": "gas"})
    assert made.status_code == 422
    assert made.json()["findings"][0]["pointer"] == "/source"
    made = send("POST", "instruments/", {"name": "TEAM I"})
    assert made.status_code == 201
    address = f"instruments/{made.json()['id']}/"
    presets = [
        {"name": f"{number}", "valid_from": "2026-01-01", "values": {"monochromated": True}}
        for number in range(201)
    ]
    assert send("POST", f"{address}presets/", {"presets": presets}).json()["revision"] == 2
    page = send("GET", f"{address}presets/").json()
    assert (len(page["results"]), page["next_first"]) == (200, 200)
    rest = send("GET", f"{address}presets/?first=200").json()
    assert (len(rest["results"]), rest["next_first"]) == (1, None)
    assert send("GET", f"{address}presets/?first=x").status_code == 400
    late = send("PATCH", address, {"facility": "Hall 4"}, **{"If-Match": made["ETag"]})
    assert late.status_code == 412
    assert late.json()["current"]["revision"] == 2
    wrong = send(
        "POST",
        f"{address}presets/",
        {"presets": [{"name": "x", "valid_from": "2026-01-01", "values": {"dwell_time": "1 us"}}]},
    )
    assert wrong.json()["findings"][0]["pointer"] == "/presets/0/values/dwell_time"
    gone = send("DELETE", f"{address}presets/{rest['results'][0]['id']}/", **{"If-Match": '"r2"'})
    assert gone.status_code == 204
    history = send("GET", f"{address}history/").json()["results"]
    assert [line["number"] for line in history] == [3, 2, 1]
    deposit = make_deposit(owner)
    offers = f"deposits/{deposit.pk}/offers/"
    assert send("GET", offers).json()["recognised"] == []
    assert (
        send("GET", f"{offers}?instrument={made.json()['id']}").json()["instrument"]["has_changes"] is False
    )
    assert send("POST", offers, {"of": "instrument"}).status_code == 400
    assert send("POST", offers, {"of": "sample", "record": "0000-0000"}).status_code == 404
