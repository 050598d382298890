"""Asking for a product on the page: by keyboard, on a phone, until its picture is there."""

from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from tests.client.conftest import make_shell
from tests.e2e.conftest import NARROW, Site
from tests.patience import patient
from tests.synthetic import render_disk
from tests.vendor_files.empad import write_empad

pytestmark = pytest.mark.stack
PATIENCE = 180_000  # milliseconds; a worker that has just begun compiles its reductions first


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def test_a_product_is_asked_for_by_keyboard_and_appears(
    depositor: Page, site: Site, live_stack: object, tmp_path: Path
) -> None:
    token = live_stack.credentials.token  # type: ignore[attr-defined]
    shell = make_shell(tmp_path / "person", url=site.url, token=token)
    scan = tmp_path / "scan"
    scan.mkdir()
    disk = 40.0 * render_disk((128, 128), (63.0, 64.5), 20.0) + 0.5
    write_empad(scan, np.random.default_rng(1).poisson(disk, (6, 7, 128, 128)).astype(np.float32))
    record = shell.run_json("deposit", scan, "--title", "A small scan")
    page = depositor
    page.set_viewport_size({**NARROW, "width": 390})
    page.goto(f"/deposits/{record['id']}")
    form = page.locator("stemma-recipe-form[data-recipe=radial_profile]")
    expect(form.locator("button[type=submit]")).to_be_enabled()  # the island is there
    form.locator("summary").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")  # over the link to what it makes
    page.keyboard.press("Tab")
    width = form.get_by_label("Width of a ring")
    expect(width).to_be_focused()
    assert fits(page)
    # Out of range: the browser says so, and nothing is sent.
    width.fill("1000")
    page.keyboard.press("Enter")
    assert width.evaluate("input => input.validity.rangeOverflow")
    width.fill("2")
    page.keyboard.press("Enter")
    expect(form.get_by_role("status")).to_have_text("Done: 4 arrays made.", timeout=patient(PATIENCE))
    images = form.locator("figure img")
    expect(images.first).to_be_visible()
    images.first.evaluate("image => image.decode()")
    assert fits(page)
    page.screenshot(path=tmp_path / "computed-390.png", full_page=True)


def test_the_tables_of_recipes_are_read_on_a_phone(visitor: Page) -> None:
    visitor.set_viewport_size({**NARROW, "width": 390})
    visitor.goto("/docs/recipes")
    assert fits(visitor)
    tables = visitor.locator("table")
    assert tables.count() > 5
    assert tables.evaluate_all("all => all.every(one => one.scrollWidth <= one.clientWidth)")
    assert tables.evaluate_all("all => all.every(one => one.getBoundingClientRect().right <= innerWidth)")
