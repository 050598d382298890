"""Processor seconds of the parts of a running Stemma, from /proc: what lives, and what its parents have reaped."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_TICK_S = 1 / os.sysconf("SC_CLK_TCK")
_PARENT, _OWN, _REAPED = 1, slice(11, 13), slice(13, 15)  # fields of /proc/<pid>/stat after the name
_ZYGOTE = b"confined.sandbox.zygote"


@dataclass(frozen=True, slots=True)
class _Process:
    parent: int
    own_s: float
    reaped_s: float
    is_zygote: bool


def read_cpu_s(parts: Mapping[str, int]) -> dict[str, float]:
    """Return CPU seconds by part; the zygotes and what they forked are taken out of the worker's."""
    processes = {int(path.name): found for path in Path("/proc").glob("[0-9]*") if (found := _read(path))}
    roots = {pid: name for name, pid in parts.items()}
    spent = dict.fromkeys([*parts, "zygotes", "confined"], 0.0)
    for pid, process in processes.items():
        name = _find_part(pid, processes, roots)
        if name is None:
            continue
        if process.is_zygote:
            spent["zygotes"] += process.own_s
            spent["confined"] += process.reaped_s
        else:
            spent[name] += process.own_s + process.reaped_s
    return spent


def _find_part(pid: int, processes: Mapping[int, _Process], roots: Mapping[int, str]) -> str | None:
    while pid in processes:
        if pid in roots:
            return roots[pid]
        pid = processes[pid].parent
    return None


def _read(folder: Path) -> _Process | None:
    try:
        words = (folder / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        command = (folder / "cmdline").read_bytes()
    except OSError:
        return None  # it has ended
    own, reaped = (sum(map(int, words[fields])) * _TICK_S for fields in (_OWN, _REAPED))
    return _Process(int(words[_PARENT]), own, reaped, _ZYGOTE in command)
