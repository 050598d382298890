"""A real browser on a running Stemma. The browser ends with its module: its event loop would block Django's tests."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from tests.patience import patient
from tests.programs import open_context, run_chromium

PATIENCE = patient(30_000)  # milliseconds
expect.set_options(timeout=PATIENCE)
WIDE: ViewportSize = {"width": 1440, "height": 900}
NARROW: ViewportSize = {"width": 360, "height": 740}


@dataclass(frozen=True, slots=True)
class Site:
    """Where the pages are, and who signs in."""

    url: str
    username: str
    password: str


@pytest.fixture(scope="session")
def site(live_stack: Any) -> Site:
    """Return the running Stemma as a visitor knows it."""
    credentials = live_stack.credentials
    return Site(url=live_stack.url, username=credentials.username, password=credentials.password)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Start the system's Chromium for one module."""
    with run_chromium() as browser:
        yield browser


@pytest.fixture
def visitor(chromium: Browser, site: Site, tmp_path: Path) -> Iterator[Page]:
    """Return a page of a visitor who is not signed in; a script error fails the test."""
    context = open_context(chromium, base_url=site.url, viewport=WIDE)
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("dialog", lambda dialog: dialog.accept())
    yield page
    page.screenshot(path=tmp_path / "last.png")
    context.close()
    assert faults == []


@pytest.fixture
def depositor(visitor: Page, site: Site) -> Page:
    """Return a page of somebody who signed in."""
    sign_in(visitor, site)
    return visitor


def sign_in(page: Page, site: Site) -> None:
    """Sign in as a person does."""
    page.goto("/accounts/login/")
    page.get_by_label("Login").fill(site.username)
    page.get_by_label("Password").fill(site.password)
    page.get_by_role("button", name="Sign In").click()
    page.wait_for_url("**/deposits/")


def start_deposit(page: Page, title: str, *, reads_at_once: bool = False) -> str:
    """Open a draft; return its id. Files wait for a click unless they are to be read as soon as they have arrived."""
    page.goto("/deposits/new")
    page.get_by_label("Title").fill(title)
    page.get_by_role("button", name="Start").click()
    page.locator("stemma-uploader [data-part=zone]").wait_for()
    if not reads_at_once:
        page.locator("input[data-part=at-once][data-bound]").uncheck()
    return page.url.rsplit("/", maxsplit=1)[-1]


def wait_for_state(page: Page, *states: str) -> None:
    """Wait until the deposit's page shows one of the states."""
    chosen = ", ".join(f"stemma-job-progress[data-state={state}]" for state in states)
    page.locator(chosen).wait_for(state="attached", timeout=3 * PATIENCE)
    page.wait_for_load_state("networkidle")
