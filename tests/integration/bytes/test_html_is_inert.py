"""An uploaded page opened from its address in a real browser: nothing of it runs."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.integration.bytes.conftest import Published
from tests.patience import patient, wait_until
from tests.programs import open_context, run_chromium


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with run_chromium() as browser:
        yield browser


@pytest.fixture
def tab(chromium: Browser, live_stack: Any) -> Iterator[Page]:
    context = open_context(chromium, base_url=live_stack.url, accept_downloads=True)
    blank = context.new_page()
    # A page of this server's origin with no policy of its own: the weakest place to open an upload from.
    blank.route("**/blank", lambda route: route.fulfill(body="<!doctype html>", content_type="text/html"))
    blank.goto("/blank")
    yield blank
    context.close()


def watch(tab: Page) -> list[str]:
    """Return a list to which every address is added that the browser asks for."""
    asked: list[str] = []
    tab.on("request", lambda request: asked.append(request.url))
    return asked


def test_opened_page_is_downloaded_and_not_shown(tab: Page, published: Published, tmp_path: Path) -> None:
    asked = watch(tab)
    with tab.expect_download() as started:
        tab.evaluate("address => { location.href = address }", published.address("notes.html"))
    started.value.save_as(tmp_path / "notes.html")
    assert (tmp_path / "notes.html").read_bytes() == published.files["notes.html"]
    tab.wait_for_timeout(patient(500))  # what ran would ask by now
    assert not [address for address in asked if address.endswith("/ran")]
    assert tab.title() != "ran"


@pytest.mark.parametrize("element", ["iframe", "object", "embed"])
def test_embedded_page_does_not_run(tab: Page, published: Published, element: str) -> None:
    asked = watch(tab)
    tab.evaluate(
        """([element, address]) => {
            const box = document.createElement(element)
            box.src = address
            box.data = address
            document.body.append(box)
        }""",
        [element, published.address("notes.html")],
    )

    def is_asked_for() -> bool:
        tab.title()  # lets the browser tell what happened
        return any(address.endswith("notes.html") for address in asked)

    wait_until(is_asked_for, "the page is not asked for")
    tab.wait_for_timeout(patient(500))
    assert not [address for address in asked if address.endswith("/ran")]


def test_page_without_the_attachment_header_stays_inert(tab: Page, published: Published) -> None:
    """Even a browser that showed the file would not run it: the policy alone suffices."""

    def show(route: Any) -> None:
        answer = route.fetch()
        kept = {name: value for name, value in answer.headers.items() if name != "content-disposition"}
        route.fulfill(response=answer, headers=kept)

    tab.route("**/notes.html", show)
    asked = watch(tab)
    tab.goto(published.address("notes.html"))
    assert tab.inner_text("p") == "notes"
    assert tab.title() == "before"
    tab.wait_for_timeout(patient(500))  # what ran would ask by now
    assert not [address for address in asked if address.endswith("/ran")]


def test_uploaded_script_cannot_be_loaded(tab: Page, published: Published) -> None:
    outcome = tab.evaluate(
        """address => new Promise(resolve => {
            const script = document.createElement('script')
            script.onload = () => resolve('loaded')
            script.onerror = () => resolve('refused')
            script.src = address
            document.head.append(script)
        })""",
        published.address("evil.js"),
    )
    assert outcome == "refused"
    assert tab.title() != "ran"
