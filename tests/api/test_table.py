"""The session's table by HTTP: many answers at once, each by itself; two people merge by field; nothing is forced."""

import json
from typing import Any

import pytest

from repository.models import Deposit, DepositMember, Measurement
from repository.schema.questions.cells import build_tag
from tests.api.conftest import as_token, make_token
from tests.deposits import add_measurement, settle
from tests.factories import make_deposit, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stemma_home", "unthrottled")]


class Session:
    """A deposit of several measurements, and a person who fills its table."""

    def __init__(self, client: Any, *techniques: str, **described: Any) -> None:
        self.client = client
        self.deposit: Deposit = make_deposit()
        for number, technique in enumerate(techniques):
            add_measurement(self.deposit, f"night/scan_{number}.raw", technique=[technique], **described)
        settle(self.deposit)
        self.headers = as_token(make_token(self.deposit.owner))
        self.address = f"/api/v1/deposits/{self.deposit.pk}/table/"

    @property
    def ids(self) -> list[str]:
        return [str(pk) for pk in self.deposit.measurements.order_by("ordinal", "pk").values_list("pk", flat=True)]

    def look(self, **query: Any) -> dict[str, Any]:
        answer = self.client.get(self.address, query, headers=self.headers)
        assert answer.status_code == 200, answer.content
        return dict(answer.json())

    def rows(self) -> dict[str, dict[str, Any]]:
        return {row["id"]: row for row in self.look()["rows"]}

    def send(self, *changes: dict[str, Any], headers: dict[str, str] | None = None, **more: Any) -> Any:
        return self.client.patch(
            self.address,
            json.dumps({"changes": list(changes), **more}),
            content_type="application/json",
            headers=headers or self.headers,
        )

    def answer(self, *changes: dict[str, Any], **more: Any) -> dict[str, Any]:
        answer = self.send(*changes, **more)
        assert answer.status_code == 200, answer.content
        return dict(answer.json())

    def undo(self, change: str, headers: dict[str, str] | None = None) -> dict[str, Any]:
        answer = self.client.post(f"{self.address}changes/{change}/undo/", headers=headers or self.headers)
        assert answer.status_code == 200, answer.content
        return dict(answer.json())

    def document(self) -> dict[str, Any]:
        return dict(Deposit.objects.get(pk=self.deposit.pk).document)


def for_all(field: str, value: Any, **more: Any) -> dict[str, Any]:
    return {"field": field, "level": "all", "value": value, **more}


def for_some(field: str, value: Any, *ids: str, **more: Any) -> dict[str, Any]:
    return {"field": field, "keys": list(ids), "value": value, **more}


def test_a_cell_says_what_it_says_and_where_from(client: Any) -> None:
    session = Session(client, "four_d_stem", "annular")
    scan, image = session.ids
    session.answer(for_all("probe_current", "about 30 pA"), for_some("dwell_time", "1 ms", scan))
    rows = session.rows()
    current = rows[scan]["cells"]["probe_current"] if "probe_current" in rows[scan]["cells"] else None
    same = {column["field"]: column["sums"] for column in session.look()["same"]}
    assert current is None
    assert same["probe_current"]["texts"] == ["~30 pA"]
    dwell = rows[scan]["cells"]["dwell_time"]
    assert (dwell["state"], dwell["text"], dwell["level"]) == ("value", "1 ms", "measurement")
    assert rows[image]["cells"]["dwell_time"]["state"] == "needed"
    assert "camera.name" not in rows[image]["cells"], "it does not apply to an image of an annular detector"
    assert rows[scan]["cells"]["camera.name"]["state"] == "needed"
    assert rows[scan]["folder"] == "night"
    assert rows[scan]["proposal"] is None
    assert rows[scan]["shapes"] == [[4, 4, 128, 128]]
