"""No part of Stemma reaches another part, or a server on this machine, through a proxy."""

import socket
from collections.abc import Mapping

_NAMES = ("localhost", "127.0.0.1", "::1")


def spare_this_machine(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that keep this machine's own addresses from the proxies the environment names.

    Both spellings are set: some programs read one, some the other, and where they differ the lower one wins.
    """
    if not any(name.lower().endswith("_proxy") and value for name, value in environment.items()):
        return {}
    kept = environment.get("no_proxy") or environment.get("NO_PROXY") or ""
    entries = [entry.strip() for entry in kept.split(",") if entry.strip()]
    if "*" not in entries:
        entries += [name for name in (*_NAMES, socket.gethostname()) if name not in entries]
    joined = ",".join(entries)
    return {"NO_PROXY": joined, "no_proxy": joined}
