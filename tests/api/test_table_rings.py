"""Rings and outcomes by HTTP: one answer for both edges, and what was to be shown said once for many."""

from typing import Any

import pytest

from repository.models import Measurement
from tests.api.test_table import Session, for_all, for_some

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stemma_home", "unthrottled")]

RINGS = "annular_detectors"


def read_rings(measurement: str) -> Any:
    return Measurement.objects.get(pk=measurement).document.get(RINGS)


def test_a_ring_is_one_answer_and_keeps_what_the_file_says_of_its_detectors(client: Any) -> None:
    known = [{"name": "HAADF", "camera_length": "115 mm"}, {"name": "BF", "camera_length": "300 mm"}]
    session = Session(client, "annular", "annular", annular_detectors=known)
    first, second = session.ids
    cell = session.rows()[first]["cells"][RINGS]
    assert (cell["state"], cell["text"]) == ("needed", "HAADF ? – ?; BF ? – ?")
    (column,) = (one for one in session.look()["columns"] if one["field"] == RINGS)
    assert (column["is_of_one_file"], column["example"]) == (True, "HAADF 68–200 mrad")
    assert not any(one["field"].startswith(f"{RINGS}[]") for one in session.look()["columns"])

    change = session.answer(for_some(RINGS, "68-200 mrad; 0-10 mrad", first, second))
    assert change["saved"] == 2
    cell = session.rows()[first]["cells"].get(RINGS) or session.look(field=RINGS)["rows"][0]["cells"][RINGS]
    assert (cell["state"], cell["text"]) == ("value", "HAADF 68–200 mrad; BF 0–10 mrad")
    assert [one["camera_length"]["value"] for one in read_rings(second)] == [115, 300]
    assert [one["outer_angle"]["value"] for one in read_rings(second)] == [200, 10]
    session.undo(change["change"])
    assert session.rows()[second]["cells"][RINGS]["state"] == "needed"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"field": RINGS, "value": "68 mrad"}, "no_ring"),
        ({"field": RINGS, "value": "68-200"}, "unit_missing"),
        ({"field": RINGS, "value": "68-200 mrad; 0-10 mrad; 1-2 mrad"}, "wrong_count"),
        ({"field": RINGS, "value": "68-200 mrad", "level": "all"}, "field_of_one_file"),
    ],
)
def test_what_is_no_ring_is_refused_by_itself(client: Any, change: dict[str, Any], code: str) -> None:
    known = [{"name": "HAADF"}, {"name": "BF"}]
    session = Session(client, "annular", annular_detectors=known)
    keys = {} if "level" in change else {"keys": session.ids}
    (refused, saved) = session.answer({**change, **keys}, for_all("notes", "warm"))["results"]
    assert (refused["result"], refused["code"], saved["result"]) == ("refused", code, "saved")
    assert refused["hint"]


def test_what_was_to_be_shown_is_offered_and_spreads(client: Any) -> None:
    session = Session(client, "four_d_stem", "annular", "other")
    helpful = {one["field"] for one in session.look()["helpful"]}
    assert {"outcome.reached", "outcome.goal", "outcome.why"} <= helpful
    session.answer(
        for_all("outcome.goal", "See the oxygen columns"),
        for_all("outcome.reached", "Not reached"),
        for_some("outcome.reached", "partially", session.ids[1]),
    )
    said = [Measurement.objects.get(pk=one).document["outcome"] for one in session.ids]
    assert [one["goal"] for one in said] == ["See the oxygen columns"] * 3
    assert [one["reached"] for one in said] == ["not_reached", "partly", "not_reached"]
    (refused,) = session.answer(for_all("outcome.reached", "maybe"))["results"]
    assert (refused["result"], refused["code"]) == ("refused", "not_a_choice")
