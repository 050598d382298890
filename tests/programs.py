"""Programs of the machine that tests run. `make test` brings them: one that is missing is a failure, not a skip."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, sync_playwright

from tests.patience import patient

# Without these, Chromium looks for its own hosts at every start.
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


def need_program(*names: str) -> str:
    """Return the path of the first program that is there."""
    found = next(filter(None, map(shutil.which, names)), None)
    if found is None:
        pytest.fail(f"no {names[0]} on this machine: run the tests with `make test`")
    return found


@contextmanager
def run_chromium() -> Iterator[Browser]:
    """Start the system's Chromium."""
    path = os.environ.get("STEMMA_CHROMIUM") or need_program("chromium", "google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=CHROMIUM_FLAGS, timeout=patient(60_000)
        )
        yield browser
        browser.close()


def open_context(browser: Browser, **words: Any) -> BrowserContext:
    """Return a visitor of its own whose pages are as patient as this machine is slow."""
    context = browser.new_context(**words)
    context.set_default_timeout(patient(30_000))
    return context
