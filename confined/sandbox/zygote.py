"""The zygote: `python -P -m confined.sandbox.zygote CONTROL_FD OWNER_PID PROGRAM…`.

It has imported the programs and waits; every order is one fork, which confines itself and serves one run. So a run
does not pay for the start of an interpreter and its libraries. It is started by exec and holds nothing of its owner:
no secret, no descriptor but the control socket. It reads no uploaded byte and nothing that a child wrote; it learns
only how each child ended.

A library that has been *used* here would have threads that a fork does not get, so nothing is used, and a fork with
more than one thread is refused.
"""

import fcntl
import gc
import json
import os
import selectors
import signal
import socket
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Never

from confined.sandbox import child
from confined.sandbox.protocol import DESCRIPTORS_OF_A_RUN, RETIRE, ZYGOTE_PROTOCOL
from confined.sandbox.resource_limits import die_with_parent, volunteer_for_the_out_of_memory_killer

_REQUEST_FD, _ANSWER_FD, _FIRST_FREE_FD = 3, 4, 64


def main(control_fd: int, owner: int, programs: list[str]) -> None:
    """Import `programs`, say so, and fork until the owner has no more use for it."""
    die_with_parent(owner)
    volunteer_for_the_out_of_memory_killer()
    os.close(os.pidfd_open(os.getpid()))  # a kernel without it has no zygote
    for program in programs:
        child.load_program(program)
    if shared := list_shared_memory():
        sys.exit(f"The programs leave memory that runs could change for each other: {shared}")
    gc.collect()
    gc.freeze()  # a collection in a child then leaves these pages shared
    with socket.socket(fileno=control_fd) as control:
        zygote = _Zygote(control)
        control.send(json.dumps({"protocol": ZYGOTE_PROTOCOL, "threads": count_threads()}).encode())
        zygote.serve()


def count_threads() -> int:
    """Return how many threads this process has."""
    return len(os.listdir("/proc/self/task"))  # noqa: PTH208 - nothing is made of the names


def list_shared_memory() -> list[str]:
    """Return the mappings that children would not get a copy of, and may write to."""
    mappings = (
        line.split(maxsplit=5) for line in Path("/proc/self/maps").read_text(encoding="utf-8").splitlines()
    )
    return [words[-1] for words in mappings if words[1][1] == "w" and words[1][3] == "s"]


class _Zygote:
    """Forks on order, ends children whose leash was let go, and tells how each one ended."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._pid = os.getpid()
        self._children: dict[int, socket.socket] = {}
        self._is_retiring = False
        self._selector = selectors.DefaultSelector()
        self._watch(control, self._obey)

    def serve(self) -> None:
        """Work until told to retire and the last child has ended, or until the owner is gone."""
        while self._children or not self._is_retiring:
            for key, _ in self._selector.select():
                key.data()

    def _watch(self, source: socket.socket | int, act: Callable[[], None]) -> None:
        self._selector.register(source, selectors.EVENT_READ, act)

    def _obey(self) -> None:
        order, descriptors, _, _ = socket.recv_fds(self._control, 16, DESCRIPTORS_OF_A_RUN)
        if not order:  # the owner is gone; the children have its death signal through this process
            os._exit(0)
        if order == RETIRE:
            self._is_retiring = True
        elif len(descriptors) == DESCRIPTORS_OF_A_RUN:
            *pipes, leash = descriptors
            try:
                self._fork(pipes, socket.socket(fileno=leash))
            finally:
                for descriptor in pipes:
                    os.close(descriptor)
        else:  # out of descriptors: the owner sees its leash let go
            for descriptor in descriptors:
                os.close(descriptor)

    def _fork(self, pipes: list[int], leash: socket.socket) -> None:
        leash.setblocking(False)  # noqa: FBT003 - by position only
        if (threads := count_threads()) != 1:
            _tell(leash, {"refused": f"it has {threads} threads"})
            leash.close()
            return
        try:
            pid = os.fork()
        except OSError as error:
            _tell(leash, {"refused": f"fork: {error.strerror}"})
            leash.close()
            return
        if pid == 0:
            _become_child(pipes, self._pid)
        end = os.pidfd_open(pid)
        self._children[pid] = leash
        self._watch(leash, partial(self._let_go, pid, leash))
        self._watch(end, partial(self._reap, pid, end))
        _tell(leash, {"pid": pid})

    def _let_go(self, pid: int, leash: socket.socket) -> None:
        if self._children.get(pid) is not leash:
            return  # reaped in the same round
        self._selector.unregister(leash)
        _kill_group(pid)

    def _reap(self, pid: int, end: int) -> None:
        _kill_group(pid)  # before the wait: until then nobody else can have this group's number
        _, status, usage = os.wait4(pid, 0)
        self._selector.unregister(end)
        os.close(end)
        leash = self._children.pop(pid)
        if leash in self._selector.get_map():
            self._selector.unregister(leash)
        ending = {
            "status": os.waitstatus_to_exitcode(status),
            "cpu_s": usage.ru_utime + usage.ru_stime,
            "peak_mib": usage.ru_maxrss / 1024,
        }
        _tell(leash, ending)
        leash.close()


def _tell(leash: socket.socket, message: dict[str, Any]) -> None:
    try:
        leash.send(json.dumps(message).encode())
    except OSError:
        return  # the owner no longer listens


def _kill_group(pid: int) -> None:
    for kill in (os.kill, os.killpg):  # just forked, it may not lead its group yet
        try:
            kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


def _become_child(pipes: list[int], zygote: int) -> Never:
    """Keep this run's pipes and nothing else, in a session of its own; never come back to the zygote's code."""
    try:
        os.setsid()
        request, answer, output = pipes
        os.dup2(output, 1)
        os.dup2(output, 2)
        request, answer = (fcntl.fcntl(number, fcntl.F_DUPFD, _FIRST_FREE_FD) for number in (request, answer))
        os.dup2(request, _REQUEST_FD, inheritable=False)
        os.dup2(answer, _ANSWER_FD, inheritable=False)
        os.closerange(_ANSWER_FD + 1, os.sysconf("SC_OPEN_MAX"))
        child.main(_REQUEST_FD, _ANSWER_FD, zygote)
    finally:
        os._exit(1)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])
