"""What is read by a grant is for whoever was handed it: no search engine keeps it."""

from starlette.datastructures import MutableHeaders
from starlette.requests import cookie_parser
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from repository.selectors.grant_kinds import COOKIE


class UnseenByRobots:
    """The rule for the whole web process: pages, API, pictures, arrays and files alike."""

    def __init__(self, application: ASGIApp) -> None:
        self.application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request through; what answers one that carries grants says that it is not to be indexed."""
        if scope["type"] != "http" or not _carries_grants(scope):
            await self.application(scope, receive, send)
            return

        async def send_unseen(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["X-Robots-Tag"] = "noindex, nofollow"
            await send(message)

        await self.application(scope, receive, send_unseen)


def _carries_grants(scope: Scope) -> bool:
    said = [value.decode("latin-1") for name, value in scope["headers"] if name.lower() == b"cookie"]
    return any(cookie_parser(each).get(COOKIE) for each in said)
