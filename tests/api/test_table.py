"""The session's table by HTTP: many answers at once, each by itself; two people merge by field; nothing is forced."""

import json
from typing import Any

import pytest

from ingest.readers.refusals import ask_scan_shape
from repository.models import Deposit, DepositMember, Finding, Measurement
from repository.schema.checks.cells import build_tag
from repository.services.findings import replace_findings
from repository.services.sorting import Wish as SortingWish
from repository.services.sorting import sort_files
from tests.api.conftest import as_token, make_token
from tests.deposits import add_measurement, settle
from tests.factories import make_deposit, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stemma_home", "unthrottled")]


class Session:
    """A deposit of several measurements, and a person who fills its table."""

    def __init__(self, client: Any, *techniques: str, **described: Any) -> None:
        self.client = client
        self.deposit: Deposit = make_deposit()
        self.ids = [
            add_measurement(self.deposit, f"night/scan_{number}.raw", technique=[technique], **described).pk
            for number, technique in enumerate(techniques)
        ]
        for ordinal, each in enumerate(self.ids):
            Measurement.objects.filter(pk=each).update(ordinal=ordinal)
        settle(self.deposit)
        self.headers = as_token(make_token(self.deposit.owner))
        self.address = f"/api/v1/deposits/{self.deposit.pk}/table/"

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
    same = {column["field"]: column["sums"] for column in session.look()["same"]}
    assert "probe_current" not in rows[scan]["cells"], "what is the same for all is listed apart"
    assert same["probe_current"]["texts"] == ["~30 pA"]
    dwell = rows[scan]["cells"]["dwell_time"]
    assert (dwell["state"], dwell["text"], dwell["level"]) == ("value", "1 ms", "measurement")
    assert rows[image]["cells"]["dwell_time"]["state"] == "needed"
    assert "camera.name" not in rows[image]["cells"], "it does not apply to an image of an annular detector"
    assert rows[scan]["cells"]["camera.name"]["state"] == "needed"
    assert rows[scan]["folder"] == "night"
    assert rows[scan]["proposal"]["techniques"] == ["four_d_stem"]
    assert rows[scan]["shapes"] == [[4, 4, 128, 128]]


def test_an_answer_for_all_goes_where_it_applies_and_stands_over_no_header(client: Any) -> None:
    session = Session(client, "four_d_stem", "annular")
    scan, image = session.ids
    changed = session.answer(
        for_all("acceleration_voltage", "200 kV"),
        for_all("camera.name", "EMPAD"),
        for_all("probe_current", "30 pA"),
    )
    assert (changed["saved"], changed["refused"]) == (3, 0)
    rows = session.rows()
    for each in (scan, image):
        voltage = rows[each]["cells"]["acceleration_voltage"]
        assert (voltage["state"], voltage["text"], voltage["level"]) == ("conflict", "80 kV", "header")
        assert voltage["below"] == [{"level": "all", "text": "200 kV"}]
        assert "200 kV was given for several files" in voltage["problem"]
        assert Measurement.objects.get(pk=each).document["probe_current"]["value"] == 30
    assert Measurement.objects.get(pk=scan).document["camera"] == {
        "name": "EMPAD",
        "mode": {"value": "charge_integrating", "source": "derived"},
    }
    assert "camera" not in Measurement.objects.get(pk=image).document, "forced on a file that was not meant"


def test_nearer_answers_win_and_say_what_they_stand_over(client: Any) -> None:
    session = Session(client, "four_d_stem", "four_d_stem", "annular")
    first, second, image = session.ids
    session.answer(
        for_all("probe_current", "10 pA"),
        {"field": "probe_current", "level": "kind", "keys": ["four_d_stem"], "value": "20 pA"},
        for_some("probe_current", "30 pA", second),
    )
    rows = session.rows()
    cells = {each: rows[each]["cells"]["probe_current"] for each in (first, second, image)}
    assert [(cells[each]["text"], cells[each]["level"]) for each in (first, second, image)] == [
        ("20 pA", "kind"),
        ("30 pA", "measurement"),
        ("10 pA", "all"),
    ]
    assert cells[second]["below"] == [{"level": "kind", "text": "20 pA"}, {"level": "all", "text": "10 pA"}]
    groups = {group["kind"]: group for group in session.look()["groups"]}
    sums = groups["four_d_stem"]["sums"]["probe_current"]
    assert (sums["count"], sums["different"], sorted(sums["texts"]), sums["own"]) == (
        2,
        2,
        ["20 pA", "30 pA"],
        1,
    )
    assert (sums["lowest"], sums["highest"]) == (20.0, 30.0)
    assert groups["four_d_stem"]["answers"] == [
        {"field": "probe_current", "text": "20 pA", "tag": build_tag({"value": 20, "unit": "pA"})}
    ]


def test_what_was_said_for_all_answers_later_too(client: Any) -> None:
    """A measurement that becomes another kind, or comes later, needs no second answer."""
    session = Session(client, "annular", "annular")
    image, other = session.ids
    session.answer(for_all("camera.name", "EMPAD"), for_all("camera.mode", "counting"))
    assert "camera" not in Measurement.objects.get(pk=image).document
    session.answer(for_some("technique", "4D STEM", image))
    cells = Measurement.objects.get(pk=image).cells
    assert (cells["camera.name"]["state"], cells["camera.name"]["level"]) == ("value", "all")
    assert "camera.name" not in Measurement.objects.get(pk=other).cells
    late = add_measurement(session.deposit, "late.raw", technique=["four_d_stem"])
    settle(session.deposit)
    late.refresh_from_db()
    assert late.cells["camera.mode"]["text"] == "counting"


def test_a_technique_is_given_to_chosen_files_and_has_to_be_possible(client: Any) -> None:
    session = Session(client, "annular", "annular")
    first, second = session.ids
    refused = session.answer(for_all("technique", ["four_d_stem"]))
    assert [one["code"] for one in refused["results"]] == ["field_of_one_file"]
    Measurement.objects.get(pk=second).signals.update(
        shape=[64, 64],
        axes=[{"name": name, "size": 64, "unit": "nm", "scale": 0.1} for name in ("scan_y", "scan_x")],
    )
    changed = session.answer(for_some("technique", "four_d_stem", first, second))
    saved, impossible = changed["results"]
    assert (saved["key"], saved["result"]) == (first, "saved")
    assert (impossible["key"], impossible["code"]) == (second, "technique_impossible")
    assert "64 × 64" in impossible["message"]
    assert impossible["hint"]
    assert Measurement.objects.get(pk=second).kind == "annular"


def test_a_wrong_value_holds_no_other_back(client: Any) -> None:
    session = Session(client, "four_d_stem")
    (scan,) = session.ids
    changed = session.answer(
        for_some("semi_convergence_angle", "5 nm", scan),
        for_some("dwell_time", "1 ms", scan),
        for_some("dwell_time", "1", scan),
        for_some("no_such_field", "1", scan),
        for_some("camera.name", "EMPAD", "none-such"),
    )
    assert [one["result"] for one in changed["results"]] == [
        "refused",
        "saved",
        "refused",
        "refused",
        "refused",
    ]
    assert all(one["message"] and one["hint"] for one in changed["results"] if one["result"] == "refused")
    assert session.document()["measurements"] == {
        "night/scan_0.raw": {"dwell_time": {"value": 1, "unit": "ms"}}
    }


def test_nothing_is_claimed_that_nobody_said(client: Any) -> None:
    """A typed value has no basis of its own; one that is said is kept."""
    session = Session(client, "four_d_stem")
    (scan,) = session.ids
    session.answer(
        for_some("dwell_time", "1 ms", scan), for_some("probe_current", "30 pA", scan, basis="measured")
    )
    cells = Measurement.objects.get(pk=scan).cells
    assert "basis" not in cells["dwell_time"]
    assert cells["probe_current"]["basis"] == "measured"
    assert session.document()["measurements"]["night/scan_0.raw"]["dwell_time"] == {"value": 1, "unit": "ms"}


def test_what_is_empty_is_declared_and_what_has_a_value_is_not_touched(client: Any) -> None:
    session = Session(client, "four_d_stem", "annular")
    scan, image = session.ids
    session.answer(for_all("probe_current", "30 pA"), for_some("dwell_time", "1 ms", scan))
    declared = session.answer(
        *(
            {"field": field, "keys": [scan, image], "act": "not_recorded", "only_empty": True}
            for field in (
                "probe_current",
                "dwell_time",
                "stage_tilt_x",
                "acceleration_voltage",
                "camera.name",
            )
        )
    )
    results = {(one["field"], one["key"]): one["result"] for one in declared["results"]}
    assert results["probe_current", scan] == results["probe_current", image] == "unchanged"
    assert (results["dwell_time", scan], results["dwell_time", image]) == ("unchanged", "saved")
    assert results["stage_tilt_x", scan] == results["stage_tilt_x", image] == "saved"
    assert results["acceleration_voltage", scan] == "refused", "it cannot be left out"
    assert (results["camera.name", scan], results["camera.name", image]) == ("saved", "refused")
    # An answer that comes later is used: a declaration hides no value, wherever that stands.
    session.answer(for_all("dwell_time", "2 ms"))
    assert Measurement.objects.get(pk=image).document["dwell_time"]["value"] == 2


def test_a_file_can_differ_without_another_value(client: Any) -> None:
    session = Session(client, "annular", "annular")
    first, second = session.ids
    session.answer(
        for_all("probe_current", "30 pA"), {"field": "probe_current", "keys": [first], "act": "differs"}
    )
    rows = session.rows()
    assert rows[first]["cells"]["probe_current"]["state"] == "needed"
    assert rows[second]["cells"]["probe_current"]["text"] == "30 pA"
    session.answer({"field": "probe_current", "keys": [first], "act": "not_recorded"})
    assert Measurement.objects.get(pk=first).cells["probe_current"]["state"] == "not_recorded"
    session.answer({"field": "probe_current", "keys": [first], "act": "clear"})
    assert Measurement.objects.get(pk=first).cells["probe_current"]["text"] == "30 pA"
    assert "differs" not in session.document()


def share(session: Session) -> tuple[dict[str, str], str]:
    """Return the headers and the name of a second person who may write."""
    other = make_user()
    DepositMember.objects.create(deposit=session.deposit, name=other.username, user=other)
    return as_token(make_token(other)), other.username


def test_two_people_merge_by_field_and_the_later_one_is_told(client: Any) -> None:
    session = Session(client, "annular")
    theirs, _ = share(session)
    (image,) = session.ids
    seen = {image: ""}  # both saw an empty cell
    session.answer(for_some("dwell_time", "1 us", image, expected=seen))
    told = session.answer(
        for_some("dwell_time", "2 us", image, expected=seen),
        for_some("probe_current", "30 pA", image, expected=seen),
        headers=theirs,
    )
    conflict, saved = told["results"]
    assert (conflict["result"], conflict["code"], conflict["text"]) == (
        "refused",
        "changed_meanwhile",
        "1 us",
    )
    assert conflict["tag"], "with what is there now it can be answered again"
    assert saved["result"] == "saved"
    again = session.answer(
        for_some("dwell_time", "2 us", image, expected={image: conflict["tag"]}), headers=theirs
    )
    assert again["saved"] == 1
    cells = Measurement.objects.get(pk=image).cells
    assert (cells["dwell_time"]["text"], cells["probe_current"]["text"]) == ("2 us", "30 pA")


def test_undo_puts_back_what_was_and_not_over_what_another_answered(client: Any) -> None:
    session = Session(client, "annular", "annular")
    theirs, their_name = share(session)
    first, second = session.ids
    session.answer(for_some("dwell_time", "1 us", first))
    change = session.answer(for_some("dwell_time", "2 us", first, second), for_all("probe_current", "30 pA"))
    session.answer(for_some("dwell_time", "7 us", second), headers=theirs)
    undone = session.undo(change["change"])
    results = {(one["field"], one["key"]): one for one in undone["results"]}
    assert results["dwell_time", first]["text"] == "1 us"
    assert results["dwell_time", second]["result"] == "refused"
    assert f"{their_name} answered 7 us since" in results["dwell_time", second]["message"]
    assert session.document()["measurements"]["night/scan_0.raw"]["dwell_time"]["value"] == 1
    assert session.document()["measurements"]["night/scan_1.raw"]["dwell_time"]["value"] == 7
    assert "defaults" not in session.document()
    redone = session.undo(undone["change"])
    assert redone["saved"] == 2
    assert session.document()["defaults"]["probe_current"]["value"] == 30


@pytest.mark.parametrize("wrong", [{"changes": {}}, {"changes": [{"field": "notes"}]}, {"change": []}, []])
def test_a_body_of_another_form_says_where(client: Any, wrong: Any) -> None:
    session = Session(client, "annular")
    answer = client.patch(
        session.address, json.dumps(wrong), content_type="application/json", headers=session.headers
    )
    assert answer.status_code == 400
    assert answer.json()["detail"]


def test_of_what_is_kept_private_nothing_is_asked(client: Any) -> None:
    """Neither what it lacks nor what it says is counted, in the table, its sums, its groups and its sheet."""
    session = Session(client, "four_d_stem", "annular")
    scan, image = session.ids
    assert session.rows()[image]["cells"]["dwell_time"]["state"] == "needed"
    session.answer(
        for_some("dwell_time", "1 ms", scan),
        for_some("probe_current", "30 pA", scan),
        for_all("notes", "warm"),
    )
    before = session.look()
    sort_files(
        deposit_id=session.deposit.pk,
        actor=session.deposit.owner,
        wishes=[SortingWish("private", paths=("night/scan_1.raw",))],
    )
    table = session.look()
    assert ([row["id"] for row in table["rows"]], table["count"]) == ([scan], 1)
    assert [group["kind"] for group in table["groups"]] == ["four_d_stem"]
    assert table["n_needed"] < before["n_needed"], "questions of the private image alone"
    for column in (*table["columns"], *table["same"], *table["helpful"]):
        assert column["sums"]["count"] == 1, column["field"]
    sheet = client.get(f"{session.address}sheet/", headers=session.headers)
    assert b"scan_0.raw" in sheet.content
    assert b"scan_1.raw" not in sheet.content
    assert Measurement.objects.get(pk=image).cells["notes"]["text"] == "warm", (
        "published after all, it is up to date"
    )
    assert session.answer(for_some("dwell_time", "2 ms", image))["saved"] == 1


def test_only_what_is_on_the_screen_is_asked_for_again(client: Any) -> None:
    session = Session(client, "four_d_stem", "four_d_stem", "annular")
    first, second, _ = session.ids
    session.answer(for_all("probe_current", "30 pA"))
    table = session.look(key=[first, second], field=["probe_current", "no.such.field"])
    assert [row["id"] for row in table["rows"]] == [first, second]
    assert table["count"] == 3, "sums and counts are about the whole deposit"
    assert [row["cells"]["probe_current"]["text"] for row in table["rows"]] == ["30 pA", "30 pA"]
    assert "probe_current" not in session.look(key=[first])["rows"][0]["cells"]
    other = Session(client, "annular")
    assert session.look(key=other.ids)["rows"] == [], "nothing of another deposit"


def test_more_than_a_page_of_rows_or_fields_is_refused(client: Any) -> None:
    session = Session(client, "annular")
    for name in ("key", "field"):
        many = [f"{number}" for number in range(201)]
        answer = client.get(session.address, {name: many}, headers=session.headers)
        assert answer.status_code == 400
        assert "200 at most" in answer.content.decode()


def test_what_a_file_does_not_tell_its_reader_is_asked_in_the_table(client: Any) -> None:
    session = Session(client, "four_d_stem")
    (scan,) = session.ids
    assert session.rows()[scan]["cells"].get("scan_shape", {}).get("state") != "needed"
    asked = ask_scan_shape(positions=16, name="scan_0.raw")
    measurement = Measurement.objects.get(pk=scan)
    replace_findings(
        deposit=session.deposit, stage=Finding.Stage.READING, measurement=measurement, found=[asked]
    )
    settle(session.deposit)
    cell = session.look(field="scan_shape")["rows"][0]["cells"]["scan_shape"]
    assert (cell["state"], cell["problem"], cell["hint"]) == ("needed", asked.message, asked.hint)
    assert "scan_shape" in [column["field"] for column in session.look()["columns"]]
    replace_findings(deposit=session.deposit, stage=Finding.Stage.READING, measurement=measurement, found=[])
    settle(session.deposit)
    assert "scan_shape" not in [column["field"] for column in session.look()["columns"]]
