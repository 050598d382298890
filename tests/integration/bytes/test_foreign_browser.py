"""A real browser on a page of another origin reads the exports, and never what is private."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.integration.bytes.conftest import Published
from tests.patience import patient
from tests.programs import run_chromium

ENDINGS = ("jsonld", "datacite.xml", "datacite.json", "bib")
FETCH = """async ({address, headers}) => {
    try {
        const answer = await fetch(address, {headers});
        const type = answer.headers.get("content-type");
        return {status: answer.status, type, url: answer.url, text: (await answer.text()).slice(0, 2000)};
    } catch (fault) {
        return {refused: String(fault)};
    }
}"""


class _EmptyPage(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>elsewhere</title>")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the parent's name
        """Say nothing."""


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[Page]:
    """Return a page of another origin: the same host, another port."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _EmptyPage)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    with run_chromium() as browser:
        page = browser.new_page()
        page.set_default_timeout(patient(60_000))
        page.goto(f"http://127.0.0.1:{server.server_port}/")
        yield page
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_foreign_page_reads_what_programs_read(
    elsewhere: Page, published: Published, live_stack: Any
) -> None:
    base = live_stack.url

    def fetch(path: str, **headers: str) -> Any:
        return elsewhere.evaluate(FETCH, {"address": base + path, "headers": headers})

    for ending in ENDINGS:
        found = fetch(f"/datasets/{published.id}.{ending}")
        assert found.get("status") == 200, (ending, found)
        assert published.id in found["text"]
    for path in (f"/linkset/{published.id}", "/sitemap.xml", f"/api/v1/datasets/{published.id}/"):
        assert fetch(path).get("status") == 200, path
    assert fetch(published.address("notes.html")).get("status") == 200
    led = fetch(f"/doi/10.5072/{published.id}", Accept="text/html;q=0.2, application/ld+json;q=0.9")
    assert (led.get("status"), led["type"].split(";")[0]) == (200, "application/ld+json")
    assert fetch(f"/datasets/{published.id}.none").get("status") == 404
    for path in ("/readyz", "/deposits/", "/accounts/login/"):
        assert "refused" in fetch(path), path
