"""What a person sees of a large scan while it is converted: its header, first pictures, and how long it takes."""

from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from tests.client.conftest import make_shell
from tests.e2e.conftest import NARROW, Site
from tests.patience import patient, wait_until
from tests.synthetic import render_disk
from tests.vendor_files.empad import write_raw

MINUTES = patient(60_000)
SIDE = 72  # 0.34 GB: just large enough to get pictures of its own
HEADER = """<root><raw_file filename="scan.raw"/><pix_x>{side}</pix_x><pix_y>{side}</pix_y>
<timestamp isoformat="2026-01-02T03:04:05"/>
<iom_measurements><high_voltage>300000.0</high_voltage></iom_measurements></root>"""


def write_scan(folder: Path) -> Path:
    folder.mkdir()
    disk = render_disk((128, 128), (63.0, 64.5), 20.0) + 0.01
    y, x = np.mgrid[:SIDE, :SIDE]
    lattice = 2 + np.cos(2 * np.pi * y / 24) * np.cos(2 * np.pi * x / 24)
    counts = np.random.default_rng(1).poisson(disk * 4, (SIDE, 128, 128)).astype(np.float32)
    write_raw(folder / "scan.raw", (lattice[:, :, None, None] * counts).astype(np.float32))
    (folder / "scan.xml").write_text(HEADER.format(side=SIDE))
    return folder


@pytest.mark.long
def test_a_large_scan_is_seen_before_it_is_converted(
    depositor: Page, site: Site, live_stack: object, tmp_path: Path
) -> None:
    token = live_stack.credentials.token  # type: ignore[attr-defined]
    shell = make_shell(tmp_path / "person", url=site.url, token=token)
    record = shell.run_json("deposit", write_scan(tmp_path / "scan"), "--no-wait", "--title", "A large scan")
    page = depositor
    page.goto(f"/deposits/{record['id']}")

    # Without a reload: the page's own island brings the pictures while the conversion runs.
    pictures = page.locator("#read figure", has_text="Preview from")
    expect(pictures.first).to_be_visible(timeout=3 * MINUTES)
    expect(page.locator("stemma-job-progress")).to_contain_text("onvert", timeout=MINUTES)
    expect(page.locator("#read .metadata-table")).to_contain_text("300")
    expect(page.locator("stemma-session-table[data-may-answer] .st-row").first).to_be_visible()
    images = page.locator("#read figure img")
    wait_until(
        lambda: images.evaluate_all("found => found.every(one => one.naturalWidth)"),
        "a picture does not load",
    )
    for image in page.locator("#read figure img").all():
        image.scroll_into_view_if_needed()
    page.evaluate("scrollTo(0, 0)")
    page.screenshot(path=tmp_path / "converting-1440.png", full_page=True)
    page.set_viewport_size({**NARROW, "width": 390})
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.screenshot(path=tmp_path / "converting-390.png", full_page=True)

    expect(page.locator("stemma-pattern-viewer").first).to_be_visible(timeout=10 * MINUTES)
    expect(pictures).to_have_count(0)
    expect(page.locator("#read figure").first).to_be_visible()
