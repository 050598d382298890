"""Ask Stemma itself whether it is ready."""

import http.client
import json
from dataclasses import dataclass

_TOLERATED = "disk"


@dataclass(frozen=True, slots=True)
class Readiness:
    """The answer of /readyz: `missing` names the parts that are not there yet; operators learn how much is damaged.

    A short disk is named too, but keeps nobody from starting: people read, and make room, on a Stemma that runs.
    """

    ready: bool
    missing: tuple[str, ...]
    damaged: int = 0


def ask_readiness(host: str, port: int, *, timeout: float = 5.0, token: str = "") -> Readiness:
    """Ask once, with a token as an operator; a server that does not answer yet lacks `web`. No proxy is ever asked."""
    headers = {"Accept": "application/json", **({"Authorization": f"Token {token}"} if token else {})}
    connection = http.client.HTTPConnection(host, port, timeout=timeout)
    try:
        connection.request("GET", "/readyz", headers=headers)
        response = connection.getresponse()
        status, body = response.status, response.read()
    except (OSError, http.client.HTTPException):
        return Readiness(ready=False, missing=("web",))
    finally:
        connection.close()
    return weigh(status, body)


def weigh(status: int, body: bytes) -> Readiness:
    """Return what an answer of /readyz comes to."""
    missing = list_missing(status, body)
    is_ready = all(_names(name, _TOLERATED) for name in missing)
    return Readiness(ready=is_ready, missing=missing, damaged=_count_damaged(body))


def _count_damaged(body: bytes) -> int:
    """Return how many stored objects are damaged; strangers are not told, and count none."""
    try:
        found = json.loads(body)["parts"]["objects"]["damaged"]
    except (ValueError, KeyError, TypeError):
        return 0
    return found if isinstance(found, int) else 0


def _names(lack: str, part: str) -> bool:
    return lack == part or lack.startswith(f"{part} (")


def list_missing(status: int, body: bytes) -> tuple[str, ...]:
    """Name what a /readyz answer calls not ready."""
    if status == http.HTTPStatus.OK:
        return ()
    try:
        parts = json.loads(body)
    except ValueError:
        return (f"web (it answers {status})",)
    if not isinstance(parts, dict):
        return (f"web (it answers {status})",)
    parts.pop("status", None)
    described = parts.pop("parts", {})
    names = described if isinstance(described, dict) and described else parts
    lacking = [name for name, value in names.items() if not _is_well(value)]
    return tuple(_name_lack(name, parts.get(name)) for name in lacking) or ("web",)


def _name_lack(name: str, reason: object) -> str:
    """Return a part with its reason; strangers, and so whoever starts the server, are told none."""
    return f"{name} ({reason})" if reason and reason != "unavailable" else name


def _is_well(value: object) -> bool:
    return bool(value.get("ok")) if isinstance(value, dict) else value in {"ok", True}
