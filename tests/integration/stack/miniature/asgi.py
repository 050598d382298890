"""Stands in for the web part: only /readyz, which asks database and broker."""

import json
import os
from collections.abc import Awaitable, Callable
from typing import Any

import psycopg
import redis


def check() -> dict[str, str]:
    parts = {"database": "ok", "broker": "ok"}
    try:
        psycopg.connect(os.environ["DATABASE_URL"], connect_timeout=2).close()
    except psycopg.OperationalError as error:
        parts["database"] = str(error)
    try:
        redis.Redis.from_url(os.environ["BROKER_URL"]).ping()
    except redis.RedisError as error:
        parts["broker"] = str(error)
    return parts


async def application(
    scope: dict[str, Any],
    receive: Callable[[], Awaitable[dict[str, Any]]],
    send: Callable[[dict[str, Any]], Awaitable[None]],
) -> None:
    if scope["type"] != "http":
        return
    del receive
    parts = check()
    status = 200 if set(parts.values()) == {"ok"} else 503
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(parts).encode()})
