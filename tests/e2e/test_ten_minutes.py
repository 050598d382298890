"""The measured journey: forty measurements of four kinds and ten other files, from drop to DOI.

A question is one field that a person answers, confirms or declares empty for one selection; the title and all
techniques that are confirmed by one click are one each. Effort is clicks and typed characters. Every file is to be read
once, no field asked twice, and the number of questions is the goal's: 8 with an instrument record, 14 without.
"""

import csv
import json
import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from playwright.sync_api import Page, expect

from tests.client.conftest import accept_warnings, make_shell
from tests.e2e.afternoon import N_MEASUREMENTS, OTHERS, write_afternoon
from tests.e2e.conftest import PATIENCE, start_deposit, wait_for_state
from tests.e2e.session import Person

pytestmark = [pytest.mark.stack, pytest.mark.long]

MOST_WITH_RECORDS, MOST_WITHOUT = 8, 14
SECONDS_OF_A_CLICK, SECONDS_OF_A_KEY = (
    4.0,
    0.5,
)  # of somebody who reads before each click and types with two fingers
TEN_MINUTES = 600.0
COUNTING = """
if (!sessionStorage.getItem("effort")) { sessionStorage.setItem("effort", JSON.stringify({clicks: 0, keys: 0})); }
const count = (what) => () => {
  const effort = JSON.parse(sessionStorage.getItem("effort"));
  effort[what] += 1;
  sessionStorage.setItem("effort", JSON.stringify(effort));
};
addEventListener("click", count("clicks"), true);
addEventListener("keydown", count("keys"), true);
"""
ANSWERS: Mapping[str, str] = {
    "Origin": "measured",
    "Processing level": "raw",
    "Acceleration voltage": "80 kV",
    "Instrument": "Titan 2",
    "Sample name": "MoS2 on SiN",
    "Elements": "Mo, S",
    "Preparation": "exfoliated, transferred by PMMA",
    "Illumination": "convergent",
    "Convergence semi-angle": "21.4 mrad",
    "Beam current": "50 pA",
    "Monochromator used": "no",
    "Scan step": "0.05 nm",
    "Scan pattern": "raster",
    "Stage tilt x": "untilted",
    "Annular detectors": "68–200 mrad",
    "Detector pixel": "0.45 mrad",
    "Camera": "Merlin",
    "Matrix detector to scan": "[[0, 1], [-1, 0]]",
}
UNKNOWN = "not recorded"
BEAM = {"acceleration_voltage": "80 kV", "condenser_aperture": "30 um"}
AT_115 = {"acceleration_voltage": "80 kV", "camera_length": "115 mm"}
ANNULAR = [{"name": "HAADF", "inner_angle": "68 mrad", "outer_angle": "200 mrad"}]
PRESETS: tuple[tuple[str, dict[str, Any], dict[str, Any]], ...] = (
    (
        "always",
        {},
        {
            "acceleration_voltage": "80 kV",
            "scan_pattern": "raster",
            "monochromated": False,
            "eds": {"elevation": "18 deg"},
        },
    ),
    ("30 um", BEAM, {"semi_convergence_angle": "21.4 mrad", "probe_current": "50 pA"}),
    ("HAADF at 115 mm", AT_115, {"annular_detectors": ANNULAR}),
    (
        "Merlin at 115 mm",
        {**AT_115, "camera": {"name": "Merlin"}},
        {"diffraction_pixel_size": "0.45 mrad", "detector_to_scan_matrix": [[0, 1], [-1, 0]]},
    ),
)


class Journey(Person):
    """Somebody who goes from page to page: what is asked and what it costs is counted on all of them."""

    def __init__(self, page: Page, live_stack: Any, identifier: str) -> None:
        super().__init__(page, live_stack, identifier)
        self.questions: Counter[str] = Counter({"title": 1})

    def _note_answer(self, request: Any) -> None:
        if request.method == "PATCH" and request.url.endswith("/table/"):
            sent = json.loads(request.post_data or "{}")
            if not sent.get("dry_run"):
                self.questions.update(sorted({change["field"] for change in sent["changes"]}))
        elif request.method == "POST" and request.url.endswith("/records"):
            said = parse_qs(
                request.post_data or ""
            )  # where presets are chosen the instrument is known already
            asked = next((name for name in ("preset", "instrument", "sample", "last") if name in said), None)
            self.questions.update([asked] if asked else [])

    def count_readings(self) -> Counter[str]:
        """Return how often each measurement was opened, as the workers wrote it down."""
        readings: Counter[str] = Counter()
        ids = {row["id"] for row in self.rows().values()}
        for log in self.stack.home.logs.glob("worker*.log*"):
            for line in log.read_text(encoding="utf-8", errors="replace").splitlines():
                if '"job_started"' in line and '"open_measurement"' in line:
                    target = json.loads(line)["target"]
                    readings.update({target} & ids)
        return readings

    def effort(self) -> dict[str, int]:
        """Return clicks and keystrokes on all pages."""
        return dict(self.page.evaluate("JSON.parse(sessionStorage.getItem('effort'))"))

    def tell(self, journey: str) -> float:
        """Print what the journey cost; return the seconds of a person."""
        effort = self.effort()
        person = effort["clicks"] * SECONDS_OF_A_CLICK + effort["keys"] * SECONDS_OF_A_KEY
        print(  # noqa: T201  # what the journey is for
            f"{journey}: {sum(self.questions.values())} questions ({', '.join(sorted(self.questions))}), "
            f"{sum(self.count_readings().values())} readings of {N_MEASUREMENTS} measurements, "
            f"{effort['clicks']} clicks, "
            f"{effort['keys']} keystrokes: {person:.0f} s of a person"
        )
        return person


def begin(page: Page, live_stack: Any, folder: Path, title: str) -> Journey:
    """Drop the folder's files on a new deposit, and wait until they are read."""
    page.add_init_script(COUNTING)
    identifier = start_deposit(page, title, reads_at_once=True)
    journey = Journey(page, live_stack, identifier)
    page.locator("input[name=files]").set_input_files(write_afternoon(folder))
    expect(page.locator("[data-part=arrived]")).to_contain_text(
        f"{N_MEASUREMENTS} measurements", timeout=6 * PATIENCE
    )
    wait_for_state(page, "needs_attention")
    wait_for_table(page)
    return journey


def wait_for_table(page: Page) -> None:
    """Wait until the table has its rows."""
    expect(page.get_by_role("grid").get_by_role("row").nth(5)).to_be_visible(timeout=2 * PATIENCE)


def confirm_techniques(journey: Journey) -> None:
    """Confirm what is sure by one click, and say what is not."""
    page = journey.page
    sure = page.get_by_role("button", name=re.compile(r"^Confirm the "))
    if sure.count():
        sure.click()
        journey.wait_saved("saved")
    for button in iter(lambda: page.get_by_role("button", name=re.compile(r"^It is ")), None):
        if button.count() == 0:
            break
        button.first.click()
        journey.wait_saved("saved")
        page.wait_for_load_state("networkidle")


def answer_what_is_asked(journey: Journey) -> None:
    """Answer one question of the table after the other for all cells that are empty, until none is left."""
    page = journey.page
    chips = page.locator(".st-chip")
    while chips.count():
        chip = chips.first
        title = re.sub(r"\s*[\d,]+$", "", chip.inner_text().strip())
        chip.click()
        page.keyboard.type(ANSWERS.get(title, UNKNOWN))
        page.keyboard.press("Enter")
        journey.wait_saved(f"{title}")
        expect(page.get_by_role("button", name=f"{title}: select")).to_have_count(0)
        page.wait_for_load_state("networkidle")


def publish(journey: Journey) -> None:
    """Acknowledge what is to acknowledge, publish, and wait for the dataset's page."""
    page = journey.page
    button = page.get_by_role("button", name=f"Publish with DOI 10.5072/{journey.identifier}.v1")
    button.wait_for(timeout=6 * PATIENCE)
    page.wait_for_load_state("networkidle")
    for box in page.locator("input[name=acknowledge]").all():
        box.check()
    button.click()
    page.wait_for_url(f"**/datasets/{journey.identifier}", timeout=3 * PATIENCE)


def make_records(journey: Journey) -> None:
    """Make what a facility keeps once: its instrument with presets, and the sample."""
    instrument = journey.ask(
        "POST", "/instruments/", {"name": "Titan 2", "model": "Titan 80-300", "header_names": ["TITAN"]}
    )
    presets = [
        {"name": name, "valid_from": "2020-01-01", "conditions": conditions, "values": values}
        for name, conditions, values in PRESETS
    ]
    journey.ask("POST", f"/instruments/{instrument['id']}/presets/", {"presets": presets})
    values = {"elements": ["Mo", "S"], "preparation": "exfoliated, transferred by PMMA"}
    journey.ask("POST", "/samples/", {"name": "MoS2 on SiN", "values": values})


def take_records(journey: Journey) -> None:
    """Take what the records say, on the page where they are offered."""
    page = journey.page
    page.get_by_role("link", name="Answers from records").click()
    page.wait_for_url("**/records*")
    page.get_by_role("button", name="Take it for all of them").click()
    page.wait_for_load_state("networkidle")
    boxes = page.locator("input[name=preset][type=checkbox]")
    for box in boxes.all():
        box.check()
    if boxes.count():
        page.get_by_role("button", name="Take it for all of them").click()
        page.wait_for_load_state("networkidle")
    page.get_by_role("button", name="Say it of all files").click()
    page.wait_for_load_state("networkidle")
    page.goto(f"/deposits/{journey.identifier}")
    wait_for_table(page)


@pytest.mark.parametrize("has_records", [True, False], ids=["with records", "without records"])
def test_an_afternoon_goes_from_drop_to_doi_in_ten_minutes(
    depositor: Page, live_stack: Any, tmp_path: Path, *, has_records: bool
) -> None:
    words = "with records" if has_records else "without records"
    journey = begin(depositor, live_stack, tmp_path / "afternoon", f"An afternoon {words}")
    assert len(OTHERS) == 10
    confirm_techniques(journey)
    if has_records:
        make_records(journey)
        take_records(journey)
    answer_what_is_asked(journey)
    depositor.screenshot(path=tmp_path / "answered.png", full_page=True)
    readings = journey.count_readings()
    publish(journey)
    person = journey.tell(words)
    again = [question for question, count in journey.questions.items() if count > 1]
    assert again == [], "asked twice"
    assert set(readings.values()) == {1}, "a file was read more than once"
    assert len(readings) == N_MEASUREMENTS
    most = MOST_WITH_RECORDS if has_records else MOST_WITHOUT
    assert sum(journey.questions.values()) <= most, sorted(journey.questions)
    assert person < TEN_MINUTES


SHEET: Mapping[str, Mapping[str, str]] = {
    "": {
        "level": "raw",
        "sample.name": "MoS2 on SiN",
        "sample.preparation": "exfoliated, transferred by PMMA",
        "semi_convergence_angle": "21.4",
        "probe_current": "50",
        "stage_tilt_x": "untilted",
    },
    "haadf": {"annular_detectors": "68–200 mrad"},
    "eels": {"monochromated": "no"},
    "scan": {
        "instrument.name": "Titan 2",
        "acceleration_voltage": "80",
        "scan_step": "0.05",
        "detector_to_scan_matrix": "[[0, 1], [-1, 0]]",
        "diffraction_pixel_size": "0.45",
    },
}


def test_the_same_afternoon_goes_by_command_and_a_sheet(live_stack: Any, tmp_path: Path) -> None:
    write_afternoon(tmp_path / "afternoon")
    shell = make_shell(tmp_path / "person", url=live_stack.url, token=live_stack.credentials.token)
    # 5: what the system dropped there was left out, and is said
    sent = shell.run_json("deposit", tmp_path / "afternoon", "--title", "By command", code=5)
    assert len(sent["measurements"]) == N_MEASUREMENTS
    sheet = tmp_path / "sheet.csv"
    assert shell.run("table", sent["id"], "--incomplete", "--to", sheet).returncode == 0
    with sheet.open(encoding="utf-8-sig", newline="") as source:
        head, *rows = csv.reader(source)
    filled = set()
    for row in rows:
        said = {**SHEET[""], **SHEET.get(row[0].partition("_")[0], {})}
        for at, column in enumerate(head):
            field = column.partition(" ")[0]
            if not row[at] and field in said:
                row[at] = said[field]
                filled.add(field)
    with sheet.open("w", encoding="utf-8", newline="") as target:
        csv.writer(target).writerows([head, *rows])
    taken = shell.run_json("table", sent["id"], sheet)
    assert taken["refused"] == 0, taken
    record = shell.run_json("status", sent["id"])
    published = shell.run_json("publish", sent["id"], *accept_warnings(record))
    assert published["state"] == "published"
    print(  # noqa: T201  # what the journey is for
        f"by command: {len(filled) + 1} questions ({', '.join(sorted({*filled, 'title'}))}), 5 commands"
    )
    assert len(filled) + 1 <= MOST_WITHOUT
