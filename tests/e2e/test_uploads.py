"""Uploads from the browser survive what happens to laptops: broken connections, closed tabs, whole folders."""

from pathlib import Path

import pytest
from playwright.sync_api import FilePayload, Page, Route, expect

from tests.e2e.conftest import PATIENCE, start_deposit

pytestmark = pytest.mark.stack

UPLOADS = "**/api/v1/uploads/*"


@pytest.fixture
def scan(tmp_path: Path) -> Path:
    """Return a file of three megabytes that is no known format."""
    path = tmp_path / "overview scan (1).bin"
    path.write_bytes(bytes(range(256)) * 12_000)
    return path


def break_patches(page: Page, times: int) -> list[str]:
    """Break the first transfers; return the list in which the breaks are noted."""
    broken: list[str] = []

    def answer(route: Route) -> None:
        if route.request.method == "PATCH" and len(broken) < times:
            broken.append(route.request.url)
            route.abort("connectionreset")
        else:
            route.continue_()

    page.route(UPLOADS, answer)
    return broken


def test_a_broken_connection_is_taken_up_again(depositor: Page, scan: Path) -> None:
    start_deposit(depositor, "Broken connection")
    broken = break_patches(depositor, times=2)
    depositor.locator("input[name=files]").set_input_files(scan)
    expect(depositor.get_by_text("1 of 1 files stored")).to_be_visible()
    assert len(broken) == 2


def test_after_a_reload_the_page_knows_what_is_unfinished(depositor: Page, scan: Path) -> None:
    start_deposit(depositor, "Closed tab")
    break_patches(depositor, times=1000)
    with depositor.expect_event("requestfailed"):
        depositor.locator("input[name=files]").set_input_files(scan)
    depositor.get_by_role("button", name="Pause").click()
    depositor.unroute(UPLOADS)
    depositor.reload()
    notice = depositor.get_by_text("These uploads are not finished")
    expect(notice).to_be_visible()
    expect(depositor.get_by_text("0 B of 3.1 MB stored")).to_be_visible()
    depositor.locator("input[name=files]").set_input_files(scan)
    expect(depositor.get_by_text("1 of 1 files stored")).to_be_visible()
    expect(notice).to_be_hidden()


def test_a_folder_keeps_its_paths_and_leaves_litter_behind(depositor: Page, tmp_path: Path) -> None:
    folder = tmp_path / "session"
    (folder / "day 1").mkdir(parents=True)
    (folder / "day 1" / "a.bin").write_bytes(b"a")
    (folder / "b.bin").write_bytes(b"b")
    (folder / ".DS_Store").write_bytes(b"x")
    start_deposit(depositor, "Folder")
    depositor.locator("input[name=folder]").set_input_files(folder)
    expect(depositor.get_by_text("2 of 2 files stored")).to_be_visible()
    depositor.reload()
    expect(depositor.get_by_role("cell", name="session/day 1/a.bin", exact=True)).to_be_visible()


def test_a_file_that_is_there_is_not_sent_again(depositor: Page, scan: Path) -> None:
    start_deposit(depositor, "Twice")
    depositor.locator("input[name=files]").set_input_files(scan)
    expect(depositor.get_by_text("1 of 1 files stored")).to_be_visible()
    depositor.reload()
    depositor.locator("input[name=files]").set_input_files(scan)
    expect(depositor.get_by_text("was already here")).to_be_visible()


def test_unknown_files_are_said_to_be_stored_not_read(depositor: Page, scan: Path) -> None:
    start_deposit(depositor, "Unknown format")
    depositor.locator("input[name=files]").set_input_files(scan)
    expect(depositor.get_by_text("1 of 1 files stored")).to_be_visible()
    depositor.get_by_role("button", name="Read the files").click()
    expect(depositor.get_by_text("1 file stored as it is, not read")).to_be_visible(timeout=2 * PATIENCE)


def save(page: Page, label: str, text: str) -> None:
    """Write into a field of the description and leave it."""
    page.get_by_label(label, exact=True).fill(text)
    page.get_by_label(label, exact=True).blur()
    expect(page.get_by_text(f"{label}: saved.")).to_be_visible()


def test_two_editors_are_told_of_each_other(depositor: Page) -> None:
    identifier = start_deposit(depositor, "Two editors")
    other = depositor.context.new_page()
    other.goto(f"/deposits/{identifier}")
    save(other, "Title", "Their title")
    expect(other.get_by_role("heading", level=1)).to_have_text("Their title")
    depositor.get_by_label("Title", exact=True).fill("My title")
    depositor.get_by_label("Title", exact=True).blur()
    choice = depositor.get_by_role("group", name="Title", exact=True)
    expect(choice.get_by_label("Their title (saved meanwhile)")).to_be_checked()
    choice.get_by_label("My title (yours)").check()
    depositor.get_by_role("button", name="Save with these choices").click()
    expect(depositor.get_by_role("heading", level=1)).to_have_text("My title")
    save(depositor, "Abstract", "What only I wrote.")
    # What was saved meanwhile stays unless one says otherwise, and what only one of both wrote is kept either way.
    other.get_by_label("Title", exact=True).fill("Their second title")
    other.get_by_label("Title", exact=True).blur()
    expect(other.get_by_label("My title (saved meanwhile)")).to_be_checked()
    other.get_by_role("button", name="Save with these choices").click()
    expect(other.get_by_label("Abstract", exact=True)).to_have_value("What only I wrote.")
    expect(other.get_by_role("heading", level=1)).to_have_text("My title")


def test_a_name_that_no_deposit_holds_is_told_and_the_rest_is_sent(depositor: Page, tmp_path: Path) -> None:
    identifier = start_deposit(depositor, "Odd names")
    promised: list[str] = []
    depositor.on(
        "request", lambda request: promised.append(request.url) if request.method == "POST" else None
    )
    files: list[FilePayload] = [
        {"name": name, "mimeType": "application/octet-stream", "buffer": name.encode()}
        for name in ("good µ #1.bin", "nul.dm4", "half.dm4.crdownload")
    ]
    depositor.locator("input[name=files]").set_input_files(files)
    expect(depositor.get_by_text("1 of 2 files stored, 1 not sent")).to_be_visible()
    expect(depositor.get_by_text("1 file was not sent and will be missing")).to_be_visible()
    refused = depositor.locator("li", has_text="nul.dm4").filter(has_text="not sent")
    expect(refused).to_contain_text("is one that Windows keeps for a device")
    expect(refused).to_contain_text("_nul.dm4")
    expect(
        depositor.get_by_text("Left out, as their names say that they are not whole: half.dm4.crdownload")
    ).to_be_visible()
    assert len([url for url in promised if url.endswith("/uploads/")]) == 1
    stored = depositor.request.get(f"/api/v1/deposits/{identifier}/").json()["files"]
    assert {file["path"] for file in stored} == {"good µ #1.bin"}
