"""What the client sends, brought to the application of the test."""

import httpx

from tests.api.conftest import WebClient

_SENT = ("Authorization", "Content-Type", "If-Match")


class Bridge(httpx.BaseTransport):
    """A transport without a network."""

    def __init__(self, web: WebClient) -> None:
        self._web = web

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        path = request.url.raw_path.decode("ascii")
        sent = {name: request.headers[name] for name in _SENT if name in request.headers}
        answer = self._web.request(
            request.method, path, content=request.read(), headers=sent, follow_redirects=True
        )
        kind = {"Content-Type": answer.headers.get("Content-Type", "")}
        return httpx.Response(answer.status_code, headers=kind, content=answer.content)
