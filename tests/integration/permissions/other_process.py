"""Another process of this Stemma, which is a web process when it is asked and a worker when it writes.

python -m tests.integration.permissions.other_process: an order is a line of JSON, and so is the answer to it.
"""

import asyncio
import json
import sys
from typing import Any

import django

django.setup()

import httpx  # noqa: E402 - after the app registry
from django.conf import settings  # noqa: E402
from django.db import connection  # noqa: E402

from api.byte_service import hearing, reading  # noqa: E402
from api.byte_service.decisions import DecisionCache  # noqa: E402
from project.asgi import application  # noqa: E402
from tests.integration.permissions.long_memory import remember_for_long  # noqa: E402
from tests.integration.permissions.writes import WRITES  # noqa: E402

settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
reading._decisions = remember_for_long()


async def ask_all(asks: list[tuple[str, dict[str, str]]]) -> list[list[Any]]:
    """Return status, digest and Cache-Control of each answer."""
    transport = httpx.ASGITransport(application)
    told = []
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
        for address, headers in asks:
            answer = await client.get(address, headers=headers)
            told.append([answer.status_code, answer.headers.get("etag"), answer.headers["cache-control"]])
    return told


def obey(order: dict[str, Any]) -> Any:
    if "write" in order:
        WRITES[order["write"]](order["words"])
        connection.close()
        return None
    if "hears" in order:
        return hearing.find_heard_marks() is not None
    if "heard_until" in order:
        return max(hearing._hearing._heard_at, 0.0)
    if order.get("cold"):
        remembered, reading._decisions = reading._decisions, DecisionCache(find_marks=lambda: None)
        try:
            return asyncio.run(ask_all(order["asks"]))
        finally:
            reading._decisions = remembered
    return asyncio.run(ask_all(order["asks"]))


for line in sys.stdin:
    sys.stdout.write(json.dumps(obey(json.loads(line))) + "\n")
    sys.stdout.flush()
