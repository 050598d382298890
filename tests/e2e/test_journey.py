"""A microscopist's afternoon: from a vendor's file on disk to a diffraction pattern that a stranger looks at."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import PATIENCE, WIDE, Site, start_deposit, wait_for_state
from tests.programs import open_context
from tests.realdata import need_realdata

pytestmark = pytest.mark.stack

FRAME_HEADER = 384
DETECTOR = (256, 256)
SCAN = (2, 4)


@pytest.fixture
def merlin_files() -> tuple[Path, Path]:
    """Return a real Merlin scan of eight 6-bit frames and its header file."""
    folder = need_realdata("mib", "rsciio", "Merlin_navigation4x2_ROI")
    return folder / "001_4x2_6bit.mib", folder / "001_4x2_6bit.hdr"


def read_frame(path: Path, scan_y: int, scan_x: int) -> Any:
    """Return a frame straight from the bytes: 384 bytes of header and one byte per pixel, frame after frame."""
    size = FRAME_HEADER + DETECTOR[0] * DETECTOR[1]
    start = (scan_y * SCAN[1] + scan_x) * size + FRAME_HEADER
    return np.fromfile(path, dtype=np.uint8, count=DETECTOR[0] * DETECTOR[1], offset=start)


def test_a_real_scan_is_deposited_published_found_and_looked_at(
    depositor: Page, chromium: Browser, site: Site, merlin_files: tuple[Path, Path]
) -> None:
    mib, hdr = merlin_files
    identifier = start_deposit(depositor, "Merlin scan of a catalyst")
    upload(depositor, mib, hdr)
    describe(depositor)
    publish(depositor, identifier)
    context = open_context(chromium, base_url=site.url, viewport=WIDE)
    look(context.new_page(), identifier, mib)
    context.close()


def upload(page: Page, *files: Path) -> None:
    """Choose the files, wait until they are stored, have them read."""
    page.locator("input[name=files]").set_input_files(files)
    expect(page.get_by_text("2 of 2 files stored")).to_be_visible()
    page.get_by_role("button", name="Read the files").click()
    wait_for_state(page, "needs_attention")
    expect(page.get_by_role("heading", name="What was read")).to_be_visible()
    expect(page.get_by_role("cell", name="Merlin", exact=True)).to_be_visible()


def describe(page: Page) -> None:
    """Answer what the header does not say: first the technique, then what follows from it."""
    page.get_by_role("button", name="It is 4D-STEM").click()
    expect(page.locator(".st-status")).to_contain_text("1 answer saved")
    answer(page, "Scan shape", "2 × 4")
    wait_for_state(page, "needs_attention")
    answer(page, "Sample name", "Au on CeO2")
    answer(page, "Acceleration voltage", "300")
    answer(page, "Convergence semi-angle", "20-22")
    page.get_by_label("Abstract", exact=True).fill("Eight patterns of gold on ceria.")
    page.get_by_label("Abstract", exact=True).blur()
    page.get_by_role("button", name="Not recorded for what is empty").click()
    expect(page.locator(".st-status")).to_contain_text("Not recorded, for what was empty")
    # What the patterns show beside the record is a warning: then the button stands below what is to be acknowledged.
    page.get_by_role("button", name="Publish with DOI").wait_for(timeout=3 * PATIENCE)
    page.wait_for_load_state("networkidle")


def answer(page: Page, field: str, text: str) -> None:
    """Choose a question of the table, type, and leave it."""
    page.get_by_role("button", name=f"{field}: select the 1 empty cell").click(timeout=2 * PATIENCE)
    page.keyboard.type(text)
    page.keyboard.press("Enter")
    expect(page.locator(".st-status")).to_contain_text(f"{field}: 1 answer saved")


def publish(page: Page, identifier: str) -> None:
    """Acknowledge what is to acknowledge, and publish."""
    for box in page.locator("input[name=acknowledge]").all():
        box.check()
    page.get_by_role("button", name=f"Publish with DOI 10.5072/{identifier}.v1").click()
    page.wait_for_url(f"**/datasets/{identifier}")
    expect(page.get_by_role("heading", level=1)).to_have_text("Merlin scan of a catalyst")


def look(page: Page, identifier: str, mib: Path) -> None:
    """Find the dataset by its voltage as a stranger, open it, and compare a pattern with the file."""
    page.goto("/search")
    page.get_by_label("Acceleration voltage from").fill("290")
    page.get_by_label("Acceleration voltage to").fill("310")
    page.get_by_label("Acceleration voltage to").press("Enter")
    page.get_by_role("link", name="Merlin scan of a catalyst").click()
    page.wait_for_url(f"**/datasets/{identifier}")
    expect(page.get_by_role("cell", name="300 kV")).to_be_visible()
    viewer = page.locator("stemma-pattern-viewer")
    viewer.locator("canvas[data-role=pattern]").wait_for()
    navigator = viewer.locator("canvas[data-role=navigator]")
    navigator.focus()
    for key in ("ArrowLeft", "ArrowLeft", "ArrowLeft", "ArrowUp", "ArrowRight"):
        navigator.press(key)
    expect(viewer.get_by_role("status")).to_contain_text("scan_y 0, scan_x 1")
    shown = viewer.evaluate(
        "viewer => ({index: viewer.pattern.index, values: Array.from(viewer.pattern.values)})"
    )
    assert shown["index"] == [0, 1]
    np.testing.assert_array_equal(np.array(shown["values"]), read_frame(mib, 0, 1))
    colors = viewer.locator("canvas[data-role=pattern]").evaluate(
        "canvas => new Set(new Uint32Array(canvas.getContext('2d')"
        ".getImageData(0, 0, canvas.width, canvas.height).data.buffer)).size"
    )
    assert colors > 16, "the canvas is blank"
