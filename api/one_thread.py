"""Django in the web process: each request from its first middleware to its last error page in one thread.

Django's own handler changes threads on the way, as many as there are requests. Each thread may open a connection of its
own; an error page that asks who is signed in even does so in a thread which nobody tidies up.
"""

from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.base import BaseHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, reset_queries
from django.http import HttpRequest, HttpResponseBase

from api.errors import RETRY_AFTER, describe_outage
from api.fallbacks import answer_passing
from api.turns import NoTurnError, get_turns


class OneThreadHandler(ASGIHandler):
    """Answers in turn, and says so where the turn does not come."""

    def __init__(self) -> None:
        BaseHandler.__init__(self)
        self.load_middleware(is_async=False)
        # These would start a thread for every request that waits; the thread which answers does both itself.
        for signal, receiver in (
            (request_started, close_old_connections),
            (request_started, reset_queries),
            (request_finished, close_old_connections),
        ):
            signal.disconnect(receiver)

    async def run_get_response(self, request: HttpRequest) -> HttpResponseBase:
        """Return the answer; what follows, the sending, needs no connection any more."""
        try:
            response = await get_turns("pages").run(self._respond, request)
        except NoTurnError as fault:
            response = answer_passing(request, describe_outage(fault), RETRY_AFTER)
        setattr(response, "_handler_class", self.__class__)  # noqa: B010  # as Django's own handler does
        if response.streaming and hasattr(response, "block_size"):
            response.block_size = self.chunk_size
        return response

    def _respond(self, request: HttpRequest) -> HttpResponseBase:
        close_old_connections()
        try:
            return self.get_response(request)
        finally:
            close_old_connections()
