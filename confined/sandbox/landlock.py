"""Landlock by its three system calls: from here on this thread, and all it starts, opens only what is named.

Own ctypes calls instead of a library: the kernel interface is three calls and three structures, and the
rules differ by ABI version, which has to be decided here anyway. Numbers and structures: linux/landlock.h.
"""

import ctypes
import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_RULE_PATH_BENEATH = 1
_VERSION_FLAG = 1
_PR_SET_NO_NEW_PRIVS = 38

_WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 1, 1 << 2, 1 << 3
_REFER, _TRUNCATE, _IOCTL_DEV = 1 << 13, 1 << 14, 1 << 15
_FIRST_ABI_RIGHTS = (1 << 13) - 1
_REMOVE_DIR, _REMOVE_FILE, _MAKE_DIR, _MAKE_REG = 1 << 4, 1 << 5, 1 << 7, 1 << 8
_NET_BIND_AND_CONNECT = 0b11
_SCOPE_ABSTRACT_SOCKETS_AND_SIGNALS = 0b11
_ABI_REFER, _ABI_TRUNCATE, _ABI_NET, _ABI_IOCTL, _ABI_SCOPE = 2, 3, 4, 5, 6

_READ = _READ_FILE | _READ_DIR
_WRITE = _READ | _WRITE_FILE | _TRUNCATE | _REMOVE_DIR | _REMOVE_FILE | _MAKE_DIR | _MAKE_REG | _REFER
_ON_FILES = _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL_DEV

_libc = ctypes.CDLL(None, use_errno=True)


class _RulesetAttributes(ctypes.Structure):
    _fields_ = (("fs", ctypes.c_uint64), ("net", ctypes.c_uint64), ("scoped", ctypes.c_uint64))


class _PathBeneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed", ctypes.c_uint64), ("parent", ctypes.c_int32))


@dataclass(frozen=True, slots=True)
class Reach:
    """The whole of the file system that a confined program sees."""

    readable: tuple[Path, ...]
    writable: tuple[Path, ...]


def find_landlock_abi() -> int:
    """Return the kernel's Landlock ABI version, or 0 where there is none."""
    version: int = _libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(_VERSION_FLAG))
    return max(version, 0)


def forbid_new_privileges() -> None:
    """Set no_new_privs, without which neither Landlock nor seccomp is open to an ordinary user."""
    if _libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        _raise_errno("no_new_privs")


def restrict_paths(reach: Reach, abi: int) -> None:
    """Confine this thread to `reach`; network and signals too, as far as the kernel's ABI knows them.

    Raises
    ------
    OSError
        The kernel refused; the caller must not go on.
    """
    handled = _handled_rights(abi)
    attributes = _RulesetAttributes(
        fs=handled,
        net=_NET_BIND_AND_CONNECT if abi >= _ABI_NET else 0,
        scoped=_SCOPE_ABSTRACT_SOCKETS_AND_SIGNALS if abi >= _ABI_SCOPE else 0,
    )
    size = 24 if abi >= _ABI_SCOPE else 16 if abi >= _ABI_NET else 8
    ruleset = _libc.syscall(
        _CREATE_RULESET, ctypes.byref(attributes), ctypes.c_size_t(size), ctypes.c_uint32(0)
    )
    if ruleset < 0:
        _raise_errno("landlock_create_ruleset")
    try:
        _add_rules(ruleset, reach.readable, _READ & handled)
        _add_rules(ruleset, reach.writable, _WRITE & handled)
        if _libc.syscall(_RESTRICT_SELF, ctypes.c_int(ruleset), ctypes.c_uint32(0)) != 0:
            _raise_errno("landlock_restrict_self")
    finally:
        os.close(ruleset)


def _handled_rights(abi: int) -> int:
    handled = _FIRST_ABI_RIGHTS
    if abi >= _ABI_REFER:
        handled |= _REFER
    if abi >= _ABI_TRUNCATE:
        handled |= _TRUNCATE
    if abi >= _ABI_IOCTL:
        handled |= _IOCTL_DEV
    return handled


def _add_rules(ruleset: int, paths: Sequence[Path], rights: int) -> None:
    for path in paths:
        try:
            parent = os.open(path, os.O_PATH | os.O_CLOEXEC)
        except (FileNotFoundError, NotADirectoryError, PermissionError):
            continue  # a tree this system lacks; what cannot be named is not reached either
        try:
            allowed = rights if stat.S_ISDIR(os.fstat(parent).st_mode) else rights & _ON_FILES
            rule = _PathBeneath(allowed=allowed, parent=parent)
            if (
                _libc.syscall(
                    _ADD_RULE,
                    ctypes.c_int(ruleset),
                    ctypes.c_int(_RULE_PATH_BENEATH),
                    ctypes.byref(rule),
                    ctypes.c_uint32(0),
                )
                != 0
            ):
                _raise_errno("landlock_add_rule")
        finally:
            os.close(parent)


def _raise_errno(call: str) -> None:
    number = ctypes.get_errno()
    raise OSError(number, f"{call}: {os.strerror(number)}")
