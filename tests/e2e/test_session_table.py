"""The session's table in the deposit page: by mouse, by keyboard alone, from a spreadsheet, by names, on a phone."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from tests.e2e.conftest import WIDE
from tests.e2e.session import TILTS, Person, send_session, write_session
from tests.realdata import need_realdata

pytestmark = pytest.mark.stack

PASTE = """text => {
  const data = new DataTransfer();
  data.setData("text/plain", text);
  const pasted = new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true });
  document.activeElement.dispatchEvent(pasted);
}"""
PHONE: ViewportSize = {"width": 390, "height": 844}
IMAGES = [f"tilted_{tilt}deg.dm4" for tilt in TILTS]
FIRST = IMAGES[0]


@pytest.fixture(scope="module")
def sent(live_stack: Any, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the id of a deposit of seven measurements that is read once for all journeys."""
    home = tmp_path_factory.mktemp("session")
    return send_session(write_session(home / "files"), live_stack, home / "person", "A session")


@pytest.fixture
def person(depositor: Page, live_stack: Any, sent: str, tmp_path: Path) -> Iterator[Person]:
    """Return somebody before the table of a session that nobody has answered yet."""
    depositor.goto(f"/deposits/{sent}")
    person = Person(depositor, live_stack, sent)
    person.ask("PATCH", f"/deposits/{sent}/", {"metadata": None})
    yield open_table(person)
    depositor.screenshot(path=tmp_path / "table.png", full_page=True)


def open_table(person: Person) -> Person:
    """Show the page anew, with the whole table."""
    person.page.reload()
    opened = Person(person.page, person.stack, person.identifier)
    expect(
        opened.page.locator(f'[title="{FIRST}"]').or_(opened.page.locator(".st-card").first).first
    ).to_be_attached()
    return opened


def say_technique(person: Person) -> None:
    """Say of the images what nothing tells: that they were scanned."""
    person.page.get_by_role("button", name="Choose the technique of tilted").click()
    person.page.get_by_label("TEM image").uncheck()
    person.page.get_by_label("Annular detector images").check()
    person.page.get_by_role("button", name="Set the technique").click()
    person.wait_saved("5 answers saved")


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def test_a_session_is_answered_by_fields_and_undone(person: Person) -> None:
    page = person.page
    expect(page.get_by_text("unsure")).to_be_visible()
    expect(person.cell(FIRST, "Technique")).to_contain_text("needed")
    say_technique(person)
    assert {row["kind"] for path, row in person.rows().items() if path in IMAGES} == {"annular"}

    # One answer for all the empty cells of a field, seen in them before it is given.
    page.get_by_role("button", name="Convergence semi-angle: select").click()
    page.keyboard.type("21.4±0.3 mrad")
    expect(page.locator(".st-cell.is-ghost").first).to_contain_text("21.4±0.3 mrad")
    expect(page.locator(".st-fill output")).to_have_text("= 21.4 ± 0.3 mrad")
    page.keyboard.press("Enter")
    person.wait_saved("7 answers saved")
    angles = {row["cells"]["semi_convergence_angle"]["text"] for row in person.rows().values()}
    assert angles == {"21.4 ± 0.3 mrad"}

    # One cell, in another unit; a wrong one holds back nothing and says why, beside itself and in the summary.
    person.cell(FIRST, "Beam current").dblclick()
    page.keyboard.type("0.05 nA")
    page.keyboard.press("Enter")
    person.wait_saved("Beam current: 1 answer saved")
    expect(person.cell(FIRST, "Beam current")).to_contain_text("nA")
    person.cell(IMAGES[1], "Beam current").dblclick()
    page.keyboard.type("21.4 nm")
    page.keyboard.press("Enter")
    expect(person.cell(IMAGES[1], "Beam current")).to_contain_text("not saved")
    expect(page.get_by_role("alert", name="Answers that were not saved")).to_contain_text("21.4 nm")
    assert person.rows()[IMAGES[1]]["cells"]["probe_current"]["state"] == "needed"

    # For all, and differing for one: both are said.
    page.get_by_role("row", name="All 7").get_by_role("gridcell", name="Sample name").dblclick()
    page.keyboard.type("MoS2 flake 3")
    page.keyboard.press("Enter")
    person.wait_saved("Sample name: 1 answer saved")
    expect(person.cell(FIRST, "Sample name")).to_contain_text("MoS2 flake 3")
    person.cell(FIRST, "Sample name").dblclick()
    page.keyboard.type("MoS2 flake 4")
    page.keyboard.press("Enter")
    expect(person.cell(FIRST, "Sample name")).to_have_attribute(
        "aria-label", "Sample name: MoS2 flake 4, this file, differs from MoS2 flake 3, all"
    )
    page.get_by_role("button", name="Undo").first.click()
    person.wait_saved("Undone: Sample name. 1 answer is as before.")
    expect(person.cell(FIRST, "Sample name")).to_contain_text("MoS2 flake 3")
    person.report("by mouse, 1440 px")


def test_the_keyboard_alone_answers_copies_fills_and_undoes(person: Person) -> None:
    page = person.page
    page.locator(".st-grid [tabindex='0']").focus()
    press(page, *["ArrowDown"] * 5, "Space", "ArrowDown", "Space", "ArrowRight")  # below the two scans
    page.get_by_role("button", name="Choose the technique …").focus()
    press(page, "Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    press(page, "Space", "Enter")  # annular detectors are the first
    person.wait_saved("2 answers saved")
    expect(page.get_by_role("columnheader", name="Annular detectors")).to_be_attached()
    press(page, "Escape", "Control+Home", "End")
    heads = page.get_by_role("columnheader").all_inner_texts()
    at = next(index for index, head in enumerate(heads) if head.startswith("Beam current"))
    press(page, "Control+Home", "ArrowDown", "ArrowDown", *["ArrowRight"] * at)
    active = page.evaluate("document.activeElement.getAttribute('aria-label')")
    assert active.startswith("Beam current: needed"), active
    page.keyboard.type("about 30 pA")
    press(page, "Enter")
    person.wait_saved("Beam current: 1 answer saved")
    press(page, "ArrowUp", "Shift+ArrowDown", "Control+d")
    person.wait_saved("Filled down")
    rows = person.rows()
    filled = [
        path for path, row in rows.items() if row["cells"].get("probe_current", {}).get("text") == "~30 pA"
    ]
    assert len(filled) == 2
    press(page, "Control+z")
    person.wait_saved("Undone: Filled down")
    press(page, "Control+y")
    person.wait_saved("Done again")
    press(page, "Delete")
    person.wait_saved("answer")
    person.report("by keyboard alone, 1440 px")


def paste(page: Page, text: str) -> None:
    """Paste a text as a spreadsheet leaves it in the clipboard."""
    page.evaluate(PASTE, text)


def test_cells_of_a_spreadsheet_are_pasted(person: Person) -> None:
    page = person.page
    say_technique(person)
    person.choose(FIRST, "Convergence semi-angle")
    paste(page, "21,4\t30 pA\n=1+1\t31 pA\n20-22\tabout 32 pA")
    person.wait_saved("Pasted 3 rows of 2 columns: 5 answers saved, 1 not saved")
    rows = person.rows()
    shown = [
        path
        for path in page.locator(".st-file").evaluate_all("all => all.map(one => one.title)")
        if path in IMAGES
    ]
    pasted = shown[shown.index(FIRST) :]
    told = [
        [rows[path]["cells"][field].get("text") for field in ("semi_convergence_angle", "probe_current")]
        for path in pasted[:3]
    ]
    assert told == [["21.4 mrad", "30 pA"], [None, "31 pA"], ["20–22 mrad", "~32 pA"]]
    expect(person.cell(pasted[1], "Convergence semi-angle")).to_have_attribute("aria-invalid", "")
    person.report("by paste")


def test_a_sheet_goes_out_and_comes_back(person: Person, tmp_path: Path) -> None:
    page = person.page
    say_technique(person)
    page.get_by_role("button", name="Paste or CSV").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the table as CSV").click()
    path = tmp_path / "table.csv"
    download.value.save_as(path)
    lines = path.read_text(encoding="utf-8-sig").splitlines()
    heads = lines[0].split(",")
    at = heads.index("probe_current [pA]")
    lines = [
        ",".join([*line.split(",")[:at], "33", *line.split(",")[at + 1 :]]) if FIRST in line else line
        for line in lines
    ]
    path.write_text("\n".join([*lines, "none.dm4"]), encoding="utf-8")
    page.locator("dialog input[type=file]").set_input_files(path)
    expect(page.get_by_role("dialog")).to_contain_text("1 new answer")
    expect(page.get_by_role("dialog")).to_contain_text("33 pA")
    page.get_by_role("button", name="Take 1 answer").click()
    person.wait_saved("1 answer saved")
    assert person.rows()[FIRST]["cells"]["probe_current"]["text"] == "33 pA"
    person.report("by CSV")


def test_names_of_files_answer(person: Person) -> None:
    page = person.page
    say_technique(person)
    page.get_by_role("button", name="From file names").first.click()
    dialog = page.get_by_role("dialog")
    pattern = dialog.get_by_label("Pattern of the file names")
    pattern.fill("*_{tilt}grad.dm4")
    dialog.get_by_label("Field of {tilt}").select_option(label="Stage tilt x")
    expect(dialog).to_contain_text("matches none of the 7 names")
    expect(dialog.get_by_role("button", name="Take them")).to_be_disabled()
    pattern.fill("*_{tilt}deg.dm4")
    expect(dialog).to_contain_text("5 of 7 names match: 5 new answers")
    expect(dialog.locator("mark").first).to_have_text("-2")
    dialog.get_by_role("button", name="Take 5 answers").click()
    person.wait_saved("From file names: 5 answers saved")
    rows = person.rows()
    assert {rows[f"tilted_{tilt}deg.dm4"]["cells"]["stage_tilt_x"]["number"] for tilt in TILTS} == set(TILTS)
    person.report("by file names")


def test_what_another_person_answered_since_stays(person: Person) -> None:
    page = person.page
    say_technique(person)
    page.get_by_role("button", name="Beam current: select").click()
    page.keyboard.type("30 pA")
    page.keyboard.press("Enter")
    person.wait_saved("7 answers saved")
    key = person.rows()[FIRST]["id"]
    person.answer_elsewhere({"field": "probe_current", "keys": [key], "value": "55 pA"})
    page.get_by_role("button", name="Undo").first.click()
    person.wait_saved("6 answers are as before")
    expect(person.status).to_contain_text(f"Beam current of {FIRST} stays")
    expect(person.cell(FIRST, "Beam current")).to_contain_text("55")

    # Two at the same cell: both values are shown, and the other's stays unless one says so.
    person.cell(IMAGES[1], "Beam current").dblclick()
    page.keyboard.type("44 pA")
    person.answer_elsewhere(
        {"field": "probe_current", "keys": [person.rows()[IMAGES[1]]["id"]], "value": "11 pA"}
    )
    page.keyboard.press("Enter")
    alert = page.get_by_role("alert", name="Answers that were not saved")
    expect(alert).to_contain_text("44 pA")
    expect(alert).to_contain_text("It says 11 pA now")
    assert person.rows()[IMAGES[1]]["cells"]["probe_current"]["text"] == "11 pA"
    alert.get_by_role("button", name="Use mine: 44 pA").click()
    person.wait_saved("1 answer saved")
    assert person.rows()[IMAGES[1]]["cells"]["probe_current"]["text"] == "44 pA"
    expect(alert).to_be_hidden()
    person.report("two people")


def test_what_is_empty_is_declared_and_nothing_else(person: Person) -> None:
    page = person.page
    say_technique(person)
    person.answer_elsewhere({"field": "probe_current", "level": "all", "value": "30 pA"})
    open_table(person)
    page.get_by_role("button", name="Not recorded for what is empty").click()
    person.wait_saved("Not recorded, for what was empty")
    for row in person.rows().values():
        assert not [
            field for field, cell in row["cells"].items() if cell["state"] == "needed" and cell["may_be_gap"]
        ]
        assert row["cells"].get("probe_current", {"text": "30 pA"})["text"] == "30 pA"
    page.get_by_role("button", name="Undo").first.click()
    person.wait_saved("are as before")
    person.report("not recorded")


def test_a_phone_asks_each_group_once(person: Person) -> None:
    page = person.page
    page.set_viewport_size(PHONE)
    say_technique(person)
    group = page.locator(".st-card", has_text="Annular detector")
    group.get_by_label("Beam current, for all 5").fill("about 30 pA")
    group.get_by_label("Beam current, for all 5").press("Enter")
    person.wait_saved("1 answer saved")
    rows = person.rows()
    assert {rows[path]["cells"]["probe_current"]["level"] for path in IMAGES} == {"kind"}
    assert rows["scan1/scan.xml"]["cells"]["probe_current"]["state"] == "needed"
    page.get_by_label(f"Tick {FIRST}").check()
    page.get_by_label(f"Tick {IMAGES[1]}").check()
    sheet = page.get_by_role("form", name="One answer for the ticked ones")
    sheet.get_by_label("Field").select_option(label="Convergence semi-angle")
    sheet.get_by_label("Convergence semi-angle").fill("21.4 mrad")
    sheet.get_by_role("button", name="Set for 2").click()
    person.wait_saved("2 answers saved")
    assert person.rows()[FIRST]["cells"]["semi_convergence_angle"]["text"] == "21.4 mrad"
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    person.report("phone, 390 px")
    page.set_viewport_size(WIDE)


def test_real_files_of_several_kinds_are_told_apart(depositor: Page, live_stack: Any, tmp_path: Path) -> None:
    files = tmp_path / "files"
    files.mkdir()
    for parts in (
        ("dm", "rsciio", "Fei HAADF-FR_location.dm3"),
        ("dm", "rsciio", "1D", "test-EELS_spectrum.dm3"),
        ("tia", "rsciio", "old", "64x64_diffraction_acquire_1.ser"),
        ("mib", "rsciio", "Merlin_navigation4x2_ROI", "001_4x2_6bit.mib"),
        ("mib", "rsciio", "Merlin_navigation4x2_ROI", "001_4x2_6bit.hdr"),
    ):
        real = need_realdata(*parts)
        (files / real.name).write_bytes(real.read_bytes())
    identifier = send_session(files, live_stack, tmp_path / "person", "Real files")
    depositor.goto(f"/deposits/{identifier}")
    person = Person(depositor, live_stack, identifier)
    depositor.get_by_role("button", name="Confirm the").click()
    person.wait_saved("saved")
    depositor.get_by_role("button", name="It is 4D-STEM").click()
    person.wait_saved("4D-STEM for 1 measurement: 1 answer saved")
    rows = person.rows()
    assert {row["kind"] for row in rows.values()} == {"annular", "eels", "diffraction_pattern", "four_d_stem"}
    # A question of one technique is no question of another; a header's value stands at its own file alone.
    assert "camera.name" not in rows["Fei HAADF-FR_location.dm3"]["cells"]
    expect(person.cell("Fei HAADF-FR_location.dm3", "Acceleration voltage")).to_contain_text("200")
    person.report("real files")
