"""The way out where the kernel has no Landlock: a user namespace with its own mounts, network and IPC.

The new root is an empty tmpfs into which only the reach of the program is bound, under the same absolute
paths. Readable parts are bound read-only. seccomp is applied on top as everywhere.
"""

import ctypes
import os
from pathlib import Path

from confined.sandbox.landlock import Reach

_CLONE_NEWNS, _CLONE_NEWIPC, _CLONE_NEWUSER, _CLONE_NEWNET = 0x20000, 0x08000000, 0x10000000, 0x40000000
_MS_RDONLY, _MS_NOSUID, _MS_NODEV = 1, 2, 4
_MS_REMOUNT, _MS_BIND, _MS_REC, _MS_PRIVATE = 32, 4096, 16384, 1 << 18
_FLAGS_THAT_STATVFS_SHARES = 0xF | 1024 | 2048  # ro, nosuid, nodev, noexec, noatime, nodiratime
_STATVFS_RELATIME, _MS_RELATIME = 4096, 1 << 21
_MNT_DETACH = 2

_libc = ctypes.CDLL(None, use_errno=True)


def enter_namespaces(reach: Reach, *, temporary: Path) -> None:
    """Leave the machine's file system, network and IPC behind; raises OSError where the kernel forbids it."""
    user, group = os.getuid(), os.getgid()
    _check(_libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNS | _CLONE_NEWNET | _CLONE_NEWIPC), "unshare")
    Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
    Path("/proc/self/uid_map").write_text(f"{user} {user} 1", encoding="ascii")
    Path("/proc/self/gid_map").write_text(f"{group} {group} 1", encoding="ascii")
    _mount("none", "/", None, _MS_REC | _MS_PRIVATE)
    stage = temporary / "root"
    stage.mkdir(mode=0o700)
    _mount("tmpfs", str(stage), "tmpfs", _MS_NOSUID | _MS_NODEV)
    for path in _without_nested(reach.readable):
        _bind(path, stage, is_writable=False)
    for path in reach.writable:
        _bind(path, stage, is_writable=True)
    old = stage / ".old"
    old.mkdir()
    _check(_libc.pivot_root(os.fsencode(stage), os.fsencode(old)), "pivot_root")
    os.chdir("/")
    _check(_libc.umount2(b"/.old", _MNT_DETACH), "umount2")


def is_namespace_possible() -> bool:
    """Tell whether the kernel is built with user namespaces and gives this user any."""
    try:
        return int(Path("/proc/sys/user/max_user_namespaces").read_text(encoding="ascii")) > 0
    except (OSError, ValueError):
        return False


def _without_nested(paths: tuple[Path, ...]) -> list[Path]:
    known: set[Path] = set()
    for path in sorted(set(paths), key=lambda path: len(path.parts)):
        if known.isdisjoint(path.parents):
            known.add(path)
    return sorted(known)


def _bind(path: Path, stage: Path, *, is_writable: bool) -> None:
    target = stage / path.relative_to("/")
    if path.is_dir():
        target.mkdir(parents=True, exist_ok=True)
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.touch()
    _mount(str(path), str(target), None, _MS_BIND | _MS_REC)
    if not is_writable:
        flags = os.statvfs(target).f_flag
        kept = flags & _FLAGS_THAT_STATVFS_SHARES | (_MS_RELATIME if flags & _STATVFS_RELATIME else 0)
        _mount("none", str(target), None, _MS_BIND | _MS_REMOUNT | _MS_RDONLY | kept)


def _mount(source: str, target: str, kind: str | None, flags: int) -> None:
    encoded = None if kind is None else os.fsencode(kind)
    result = _libc.mount(os.fsencode(source), os.fsencode(target), encoded, ctypes.c_ulong(flags), None)
    _check(result, f"mount {target}")


def _check(result: int, call: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{call}: {os.strerror(number)}")
