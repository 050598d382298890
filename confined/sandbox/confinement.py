"""What the child does to itself between importing its program and looking at the first uploaded byte."""

import os
import sys
import sysconfig
from pathlib import Path
from typing import Literal, get_args

from confined.sandbox.landlock import Reach, find_landlock_abi, forbid_new_privileges, restrict_paths
from confined.sandbox.namespaces import enter_namespaces
from confined.sandbox.resource_limits import Limits, drop_capabilities, lower_limits
from confined.sandbox.system_calls import is_filter_available, restrict_system_calls

Confinement = Literal["landlock+seccomp", "namespaces", "weak"]

_SYSTEM_TREES = (
    "/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/usr/share/zoneinfo", "/etc/ld.so.cache",
    "/etc/localtime", "/dev/urandom", "/dev/random", "/dev/zero", "/sys/devices/system/cpu", "/proc/cpuinfo",
    "/proc/meminfo",
)  # fmt: skip


class UnsafeProgramError(Exception):
    """The program cannot be confined as it stands."""


def confine(
    confinement: Confinement,
    *,
    inputs: Path,
    objects: tuple[Path, ...],
    writable: tuple[Path, ...],
    limits: Limits,
) -> None:
    """Restrict this process for the rest of its life.

    Raises
    ------
    OSError, UnsafeProgramError
        Something could not be restricted; no uploaded byte may be read then.
    """
    if (threads := len(os.listdir("/proc/self/task"))) > 1:  # noqa: PTH208 - nothing is made of the names
        raise UnsafeProgramError(f"importing the program started {threads - 1} threads that would stay free")
    reach = Reach(readable=(inputs, *objects, *list_code_trees()), writable=(*writable, Path("/dev/null")))
    if confinement not in get_args(Confinement):
        raise UnsafeProgramError(f"there is no confinement called {confinement}")
    if confinement == "namespaces":
        enter_namespaces(reach, temporary=writable[-1])
    lower_limits(limits)
    drop_capabilities()
    forbid_new_privileges()
    if confinement == "landlock+seccomp":
        restrict_paths(reach, find_landlock_abi())
    if confinement != "weak" or is_filter_available():
        restrict_system_calls()


def list_code_trees() -> tuple[Path, ...]:
    """Return the folders that hold code of this process: the interpreter, its packages, the loaded packages.

    The checkout itself is not among them: STEMMA_HOME with its credentials may lie inside it.
    """
    trees = [Path(tree) for tree in _SYSTEM_TREES]
    paths = sysconfig.get_paths()
    trees += [Path(paths[name]) for name in ("stdlib", "platstdlib", "purelib", "platlib")]
    trees += [Path(sys.base_prefix, "lib")]
    for name, module in tuple(sys.modules.items()):
        if "." not in name and getattr(module, "__path__", None):
            trees += [Path(folder) for folder in module.__path__]
    return tuple(dict.fromkeys(tree for tree in trees if tree.exists()))
