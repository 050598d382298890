"""The session's table by spreadsheets, pasted blocks and names of files: one reading, each answer by itself."""

import csv
import io
import json
from typing import Any

import pytest

from repository.models import Measurement
from tests.api.test_table import Session, for_all, for_some

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stemma_home", "unthrottled")]


def send(session: Session, room: str, **body: Any) -> dict[str, Any]:
    answer = session.client.post(
        f"{session.address}{room}/",
        json.dumps(body),
        content_type="application/json",
        headers=session.headers,
    )
    assert answer.status_code == 200, answer.content
    return dict(answer.json())


def take_out(session: Session, **query: Any) -> str:
    answer = session.client.get(f"{session.address}sheet/", query, headers=session.headers)
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/csv; charset=utf-8")
    return str(answer.content.decode("utf-8"))


def test_what_goes_out_and_comes_back_unchanged_changes_nothing(client: Any) -> None:
    session = Session(client, "four_d_stem", "annular")
    scan, image = session.ids
    session.answer(
        for_all("probe_current", "20-22 pA"),
        for_some("dwell_time", "1 ms", scan),
        for_some("dwell_time", "~2 us", image),
        for_some("notes", "=1+1", scan),
        for_some("stage_tilt_x", "-3.5 deg", scan),
    )
    before = session.document()
    text = take_out(session)
    lines = list(csv.reader(io.StringIO(text)))
    heads = lines[0]
    assert "\r\n" in text
    assert heads[:3] == ["file", "id", "technique"]
    assert "dwell_time [us]" in heads, "the unit stands in the head"
    first = dict(zip(heads, lines[1], strict=True))
    assert first["dwell_time [us]"] == "1000"
    assert first["notes"] == "'=1+1", "no spreadsheet computes it"
    assert first["stage_tilt_x [deg]"] == "-3.5", "a number stays a number"
    back = send(session, "sheet", text=text)
    assert (back["saved"], back["refused"], back["change"]) == (0, 0, None), back["results"]
    assert session.document() == before
    assert take_out(session, bom="true") == "\ufeff" + text
    assert send(session, "sheet", text="\ufeff" + text)["saved"] == 0


def test_a_column_holds_what_was_said_of_it_and_of_no_other_field(client: Any) -> None:
    """What another field answers stands in that one's column, and what does not apply comes back as it went out."""
    rings = [{"name": "HAADF", "inner_angle": "68 mrad", "outer_angle": "200 mrad"}]
    session = Session(client, "eels", annular_detectors=rings, illumination=None, level="raw")
    (spectra,) = session.ids
    session.answer(for_some("energy_axis.start", "0 eV", spectra))
    cells = Measurement.objects.get(pk=spectra).cells
    answered_elsewhere = [field for field, cell in cells.items() if cell.get("via", "axes") != "axes"]
    assert "illumination" in answered_elsewhere
    assert cells["annular_detectors"]["text"] == "HAADF 68–200 mrad"
    text = take_out(session)
    (line,) = csv.DictReader(io.StringIO(text))
    named = {head.partition(" [")[0]: said for head, said in line.items()}
    assert {named[field] for field in answered_elsewhere} == {""}
    back = send(session, "sheet", text=text)
    assert (back["saved"], back["refused"]) == (0, 0), back["results"]
    changed = send(session, "sheet", text=text.replace("68–200", "68–210"))
    assert [one["code"] for one in changed["results"] if one["result"] == "refused"] == ["does_not_apply"]


def test_other_decimal_marks_semicolons_missing_and_unknown_columns(client: Any) -> None:
    session = Session(client, "annular", "annular")
    first, second = session.ids
    text = (
        "Datei;probe_current [pA];Dwell time (µs);Bemerkung\r\n"
        "scan_0.raw;30,5;2;schön\r\nnight/scan_1.raw;0,5 nA;;\r\n"
    )
    looked = send(session, "sheet", text=text, dry_run=True)
    assert (looked["saved"], looked["change"], looked["decimal"], looked["delimiter"]) == (3, None, ",", ";")
    assert looked["unknown_columns"] == ["Bemerkung"]
    assert "measurements" not in session.document(), "a dry run writes nothing"
    assert {(one["path"], one["field"], one["text"]) for one in looked["results"]} == {
        ("night/scan_0.raw", "probe_current", "30.5 pA"),
        ("night/scan_0.raw", "dwell_time", "2 us"),
        ("night/scan_1.raw", "probe_current", "0.5 nA"),
    }
    assert send(session, "sheet", text=text)["saved"] == 3
    assert Measurement.objects.get(pk=first).document["probe_current"]["value"] == 30.5
    assert "dwell_time" not in Measurement.objects.get(pk=second).document


def test_each_cell_and_line_says_why_and_holds_no_other_back(client: Any) -> None:
    session = Session(client, "annular", "annular")
    text = (
        "file,dwell_time [us],probe_current,notes,camera.name\r\n"
        "scan_0.raw,=1+1,30 pA,=1+1,EMPAD\r\nnowhere.raw,1,,,\r\nscan_1.raw,1,5 nm,,\r\nscan_1.raw,2,,,\r\n"
    )
    said = send(session, "sheet", text=text)
    codes = {(one["path"], one["field"]): one.get("code", one["result"]) for one in said["results"]}
    assert codes == {
        ("night/scan_0.raw", "dwell_time"): "formula",
        ("night/scan_0.raw", "probe_current"): "saved",
        ("night/scan_0.raw", "notes"): "saved",
        ("night/scan_0.raw", "camera.name"): "does_not_apply",
        ("nowhere.raw", ""): "not_found",
        ("night/scan_1.raw", "dwell_time"): "saved",
        ("night/scan_1.raw", "probe_current"): "unit_not_allowed",
        ("scan_1.raw", ""): "line_twice",
    }
    assert all(one["message"] and one["hint"] for one in said["results"] if one["result"] == "refused")
    assert session.document()["measurements"]["night/scan_0.raw"]["notes"] == "=1+1"
    undone = session.undo(said["change"])
    assert undone["saved"] == 3
    assert "measurements" not in session.document()


def test_whole_numbers_and_typed_gaps_of_a_sheet_are_answers_like_others(client: Any) -> None:
    session = Session(client, "four_d_stem", "annular", magnification=5)
    scan, image = session.ids
    lines = (
        "file,magnification,technique,acceleration_voltage,axes[].name,sample.name",
        "scan_0.raw,6,not recorded,Not_Recorded,not recorded,WS2",
    )
    back = send(session, "sheet", text="\n".join(lines))
    results = {one["field"]: (one["result"], one.get("code", "")) for one in back["results"]}
    assert results == {
        "magnification": ("saved", ""),
        "technique": ("refused", "gap_not_allowed"),
        "acceleration_voltage": ("refused", "gap_not_allowed"),
        "axes[].name": ("saved", ""),
        "sample.name": ("saved", ""),
    }, back["results"]
    assert session.rows()[scan]["cells"]["magnification"]["text"] == "6", (
        "an axis without a name ends no check"
    )
    assert session.document()["measurements"]["night/scan_0.raw"]["magnification"] == 6
    assert session.rows()[image]["technique"] == ["annular"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("dwell_time\r\n1 us\r\n", "names the files"),
        ("file,dwell_time,Dwell time\r\nscan_0.raw,1 us,2 us\r\n", "same field"),
        ('file,notes\r\nscan_0.raw,"open\r\n', "cannot be read"),
        ("", "names the files"),
    ],
)
def test_what_is_no_table_is_refused_with_words(client: Any, text: str, said: str) -> None:
    session = Session(client, "annular")
    answer = client.post(
        f"{session.address}sheet/",
        json.dumps({"text": text}),
        content_type="application/json",
        headers=session.headers,
    )
    assert answer.status_code in {400, 422}
    assert said in answer.json()["detail"] or answer.status_code == 400
    assert answer.json()["detail"]


def test_a_block_of_cells_goes_where_it_was_pasted(client: Any) -> None:
    session = Session(client, "annular", "annular")
    columns = [{"field": "dwell_time", "unit": "us"}, {"field": "notes"}]
    said = send(
        session, "sheet", form="block", text="1\tfirst\r\n=2\tsecond\r\n", keys=session.ids, columns=columns
    )
    assert [one["result"] for one in said["results"]] == ["saved", "saved", "refused", "saved"]
    assert session.document()["measurements"]["night/scan_0.raw"] == {
        "dwell_time": {"value": 1, "unit": "us"},
        "notes": "first",
    }
    too_large = client.post(
        f"{session.address}sheet/",
        json.dumps({"form": "block", "text": "1\n2\n3", "keys": session.ids, "columns": columns}),
        content_type="application/json",
        headers=session.headers,
    )
    assert too_large.status_code == 422
    assert "3 rows" in too_large.json()["detail"]


def test_names_of_files_answer_after_they_were_looked_at(client: Any) -> None:
    session = Session(client, "annular", "annular")
    columns = {"n": {"field": "stage_tilt_x", "unit": "deg"}}
    looked = send(session, "names", pattern="scan_{n}.raw", columns=columns)
    assert (looked["matched"], looked["looked_at"], looked["change"]) == (2, 2, None)
    first = looked["matches"][0]
    start, end = first["spans"]["n"]
    assert first["path"][start:end] == first["texts"]["n"] == "0"
    assert {one["text"] for one in looked["results"]} == {"0 deg", "1 deg"}
    assert "measurements" not in session.document()
    saved = send(session, "names", pattern="scan_{n}.raw", columns=columns, dry_run=False)
    assert saved["saved"] == 2
    assert Measurement.objects.get(pk=session.ids[1]).document["stage_tilt_x"]["value"] == 1
    nothing = send(session, "names", pattern="image_{n}.raw", columns=columns, dry_run=False)
    assert (nothing["matched"], nothing["saved"], nothing["change"]) == (0, 0, None)
    assert nothing["message"] == "The pattern matches none of the 2 names. Nothing is changed."


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("scan_*.raw", "braces"),
        ("{notes}{origin}.raw", "parts"),
        ("{no_such}.raw", "no field"),
        ("{notes}_{notes}", "twice"),
    ],
)
def test_a_pattern_that_cannot_be_read_says_why(client: Any, pattern: str, said: str) -> None:
    session = Session(client, "annular")
    answer = client.post(
        f"{session.address}names/",
        json.dumps({"pattern": pattern}),
        content_type="application/json",
        headers=session.headers,
    )
    assert answer.status_code == 422
    assert said in answer.json()["detail"]
