"""Free ports, and who holds a taken one."""

import socket
from collections.abc import Iterator
from pathlib import Path

_LISTENING = "0A"


def is_free(port: int, bind: str = "127.0.0.1") -> bool:
    """Tell whether a server could listen there now."""
    family = socket.AF_INET6 if ":" in bind else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((bind, port))
        except OSError:
            return False
    return True


def choose_port(preferred: int | None = None) -> int:
    """Return the preferred port while it is free, else a free one on the loopback interface."""
    if preferred and is_free(preferred):
        return preferred
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def describe_holder(port: int) -> str:
    """Name the process that listens on a port, as far as this account may know."""
    inodes = set(_list_listening_inodes(port))
    for folder in Path("/proc").iterdir():
        if not folder.name.isdecimal():
            continue
        try:
            if any(_read_link(link) in inodes for link in (folder / "fd").iterdir()):
                command = (
                    (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
                )
                return f"process {folder.name} ({command[:80]})"
        except OSError:
            continue  # it ended meanwhile, or belongs to somebody else
    return "a process of another account"


def _read_link(link: Path) -> str:
    """Return what an open file is; empty where it was closed meanwhile, which says nothing of the others."""
    try:
        return str(link.readlink())
    except FileNotFoundError:
        return ""


def _list_listening_inodes(port: int) -> Iterator[str]:
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            lines = Path(table).read_text().splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            words = line.split()
            if words[3] == _LISTENING and int(words[1].rpartition(":")[2], 16) == port:
                yield f"socket:[{words[9]}]"
