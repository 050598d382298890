"""The deposit page of an afternoon: files without a click, the description by field, checks in a reader's words."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import NARROW, PATIENCE, WIDE, start_deposit, wait_for_state
from tests.realdata import need_realdata

pytestmark = pytest.mark.stack

MOST_PIXELS = 4000


def list_small_files(*formats: tuple[str, str], most: int) -> list[Path]:
    """Return real vendor files of at most a megabyte, no name twice."""
    found: dict[str, Path] = {}
    for folder, ending in formats:
        for path in sorted(need_realdata(folder).rglob(f"*{ending}")):
            if path.is_file() and path.stat().st_size < 1_000_000:
                found.setdefault(path.name, path)
    return list(found.values())[:most]


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def take_pictures(page: Page, folder: Path, name: str) -> None:
    for size in (WIDE, {**NARROW, "width": 390}):
        page.set_viewport_size(size)  # type: ignore[arg-type]  # width and height
        assert fits(page), size
        page.screenshot(path=folder / f"{name}-{size['width']}.png", full_page=True)
    page.set_viewport_size(WIDE)


def test_forty_measurements_are_seen_without_a_click_on_a_page_that_ends(
    depositor: Page, tmp_path: Path
) -> None:
    files = list_small_files(("dm", ".dm3"), ("dm", ".dm4"), ("msa", ".msa"), most=40)
    notes = tmp_path / "notes.txt"
    notes.write_text("What was done that afternoon.")
    start_deposit(depositor, "Forty measurements of an afternoon", reads_at_once=True)
    depositor.locator("input[name=files]").set_input_files([*files, notes])
    progress = depositor.locator("stemma-job-progress")
    expect(progress.get_by_role("button", name="Stop reading")).to_be_visible(timeout=2 * PATIENCE)
    expect(depositor.locator("#upload")).to_contain_text("measurements", timeout=4 * PATIENCE)
    # Nothing is locked meanwhile: the description is saved while the files are read.
    abstract = depositor.get_by_label("Abstract", exact=True)
    abstract.fill("Saved while forty files are read.")
    abstract.blur()
    expect(depositor.get_by_text("Abstract: saved.")).to_be_visible(timeout=2 * PATIENCE)
    wait_for_state(depositor, "needs_attention")
    take_pictures(depositor, tmp_path, "forty")
    depositor.reload()  # as somebody who comes back finds it: what was unfolded meanwhile is folded
    expect(depositor.get_by_role("grid")).to_be_visible(timeout=PATIENCE)
    expect(depositor.get_by_role("grid").get_by_role("row").nth(5)).to_be_visible(timeout=PATIENCE)
    take_pictures(depositor, tmp_path, "forty-again")
    height = depositor.evaluate("document.documentElement.scrollHeight")
    assert height < MOST_PIXELS, f"the page of {len(files)} measurements is {height} pixels high"
    assert depositor.locator("details[open] table.files tr").count() == 0, "lists are folded"
    expect(depositor.locator("#next")).to_contain_text("needed for")
    thumbnails = depositor.locator("#files-measurements img.thumb")
    assert thumbnails.count() > len(files) // 2


def test_wrong_digits_are_said_while_they_are_typed_and_words_stand_for_relations(
    depositor: Page, tmp_path: Path
) -> None:
    identifier = start_deposit(depositor, "A described deposit")
    creators = depositor.get_by_role("group", name="Creators")
    row = creators.locator("[data-part=row]").first
    row.get_by_label("ORCID").fill("0000-0002-1825-0079")
    expect(row).to_contain_text("its check digit does not fit")
    row.get_by_label("ROR").fill("https://ror.org/03yrm5c27")
    expect(row).to_contain_text("its last two digits check the others")
    row.get_by_label("Name").fill("Curie, Marie")
    take_pictures(depositor, tmp_path, "wrong-digits")
    row.get_by_label("ORCID").fill("0000-0002-1825-0097")
    row.get_by_label("ROR").fill("https://ror.org/03yrm5c26")
    expect(row.locator("[data-part=row-problem]")).to_be_hidden()
    depositor.get_by_label("Abstract", exact=True).focus()
    expect(depositor.get_by_text("Creators: saved.")).to_be_visible()

    related = depositor.get_by_role("group", name="Papers, data and code").locator("[data-part=row]").first
    related.get_by_label("DOI or address").press_sequentially("10.103/abc")
    related.get_by_label("DOI or address").press("Tab")
    expect(related).to_contain_text("is not a DOI")
    related.get_by_label("DOI or address").fill("10.1038/s41586-018-0298-5")
    related.get_by_label("This data").select_option("is described by")
    depositor.get_by_label("Abstract", exact=True).focus()
    expect(depositor.get_by_text("Papers, data and code: saved.")).to_be_visible()

    depositor.get_by_text("Licence and access").click()
    depositor.get_by_label("CC0-1.0", exact=False).first.check()
    expect(depositor.get_by_text("Licence: saved.")).to_be_visible()
    depositor.get_by_label("Open after a date").check()
    day = depositor.get_by_label("Data open from")
    day.fill("2098-09-30")
    day.blur()
    expect(depositor.get_by_text("the data from 30 September 2098")).to_be_visible()
    expect(depositor.get_by_text("Data open from: saved.")).to_be_visible()
    take_pictures(depositor, tmp_path, "described")
    saved = depositor.request.get(f"/api/v1/deposits/{identifier}/").json()["metadata"]["dataset"]
    assert saved["related_identifiers"] == [
        {"identifier": "10.1038/s41586-018-0298-5", "relation": "IsDescribedBy"}
    ]
    assert saved["creators"][0]["orcid"] == "0000-0002-1825-0097"
    assert (saved["license"], saved["access"], saved["embargo_until"]) == (
        "CC0-1.0",
        "embargoed",
        "2098-09-30",
    )


def test_files_are_kept_private_and_taken_back_by_keyboard(depositor: Page, tmp_path: Path) -> None:
    file, other = list_small_files(("dm", ".dm3"), most=2)
    start_deposit(depositor, "One of two")
    depositor.locator("input[name=files]").set_input_files([file, other])
    expect(depositor.get_by_text("2 of 2 files stored")).to_be_visible()
    depositor.get_by_role("button", name="Read the files").click()
    wait_for_state(depositor, "needs_attention")
    choice = depositor.get_by_label(f"What becomes of {file.name}")
    choice.focus()
    depositor.keyboard.press("ArrowDown")
    expect(depositor.get_by_text("1 is now kept private.")).to_be_visible()
    expect(depositor.locator("[data-part=arrived]")).to_contain_text("1 kept private")
    depositor.keyboard.press("Tab")
    depositor.keyboard.press("Enter")
    expect(depositor.get_by_text("Taken back.")).to_be_visible()
    expect(depositor.locator("[data-part=arrived]")).not_to_contain_text("kept private")
    take_pictures(depositor, tmp_path, "two")
