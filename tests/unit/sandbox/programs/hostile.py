"""Programs that misbehave on purpose; each is the `function` of a `module:function`."""

import ctypes
import mmap
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

Send = Callable[[dict[str, Any]], None]
Answer = dict[str, Any]
_libc = ctypes.CDLL(None, use_errno=True)


def crash(_request: Answer, _folder: Path, _output: Path, _send: Send) -> Answer:
    ctypes.string_at(0)
    return {}


def abort(_request: Answer, _folder: Path, _output: Path, _send: Send) -> Answer:
    os.abort()


def leave(_request: Answer, _folder: Path, _output: Path, _send: Send) -> Answer:
    os._exit(3)


def leave_politely(_request: Answer, _folder: Path, _output: Path, _send: Send) -> Answer:
    sys.exit("enough")


def be_killed(_request: Answer, _folder: Path, _output: Path, _send: Send) -> Answer:
    os.kill(os.getpid(), signal.SIGKILL)
    return {}


def hang(_request: Answer, _folder: Path, _output: Path, send: Send) -> Answer:
    send({"type": "started", "pid": os.getpid()})
    while True:
        time.sleep(60)


def spin(request: Answer, _folder: Path, _output: Path, _send: Send) -> Answer:
    if request.get("ignore_the_warning"):
        signal.signal(signal.SIGXCPU, signal.SIG_IGN)
    while True:
        pass


def allocate(request: Answer, _folder: Path, _output: Path, _send: Send) -> Answer:
    return {"sum": float(np.ones(request["bytes"], np.uint8).sum())}


def allocate_natively(request: Answer, _folder: Path, _output: Path, _send: Send) -> Answer:
    kept = [bytearray(1 << 20) for _ in range(request["bytes"] >> 20)]
    return {"kept": len(kept)}


def allocate_shared(request: Answer, _folder: Path, _output: Path, _send: Send) -> Answer:
    with mmap.mmap(-1, request["bytes"]) as memory:
        memory[0] = 1
    return {}


def raise_the_limit(_request: Answer, _folder: Path, _output: Path, _send: Send) -> Answer:
    import resource

    resource.setrlimit(resource.RLIMIT_DATA, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    return {}


def write_too_much(request: Answer, _folder: Path, output: Path, _send: Send) -> Answer:
    with (output / "large").open("wb") as file:
        for _ in range(request["bytes"] >> 20):
            file.write(bytes(1 << 20))
    return {}


def fill_the_disk(_request: Answer, _folder: Path, _output: Path, _send: Send) -> Answer:
    raise OSError(28, os.strerror(28))


def open_file(request: Answer, _folder: Path, _output: Path, _send: Send) -> Answer:
    return {"content": Path(request["path"]).read_text(encoding="utf-8", errors="replace")}


def write_file(request: Answer, _folder: Path, _output: Path, _send: Send) -> Answer:
    Path(request["path"]).write_text("planted", encoding="utf-8")
    return {}


def open_hdf5(request: Answer, folder: Path, _output: Path, _send: Send) -> Answer:
    import h5py

    with h5py.File(folder / request["name"]) as file:
        return {"content": bytes(file["link"][()]).decode()}


def truncate_input(request: Answer, folder: Path, _output: Path, _send: Send) -> Answer:
    path = folder / request["name"]
    if request["how"] == "truncate":
        os.truncate(path, 0)
    elif request["how"] == "read_only":
        os.close(os.open(path, os.O_RDONLY | os.O_TRUNC))
    elif request["how"] == "mode":
        path.chmod(0)
    elif request["how"] == "unlink":
        path.unlink()
    elif request["how"] == "link":
        os.link(path, _output / "linked")
    else:
        path.write_bytes(b"")
    return {}


def use_network(request: Answer, _folder: Path, _output: Path, _send: Send) -> Answer:
    kind = {"tcp": socket.SOCK_STREAM, "udp": socket.SOCK_DGRAM}
    if request["kind"] == "unix":
        socket.socket(socket.AF_UNIX, socket.SOCK_STREAM).connect("\0abstract")
    else:
        socket.socket(socket.AF_INET, kind[request["kind"]]).close()
    return {}


def start_process(request: Answer, _folder: Path, _output: Path, _send: Send) -> Answer:
    if request["how"] == "fork":
        if os.fork() == 0:
            os._exit(0)
    elif request["how"] == "exec":
        os.execv("/bin/true", ["true"])  # noqa: S606 - the attempt is the test
    elif request["how"] == "spawn":
        os.posix_spawn("/bin/true", ["true"], {})
    else:
        subprocess.run(["/bin/true"], check=True)
    return {}


def signal_other(request: Answer, _folder: Path, _output: Path, _send: Send) -> Answer:
    os.kill(request["pid"], request["signal"])
    return {}


def call(request: Answer, _folder: Path, _output: Path, _send: Send) -> Answer:
    result = _libc.syscall(request["number"], *(ctypes.c_long(value) for value in request["arguments"]))
    return {"result": result, "errno": ctypes.get_errno()}


def _answer_descriptor() -> int:
    import stat

    pipes = [fd for fd in range(3, 4096) if _is_open(fd) and stat.S_ISFIFO(os.fstat(fd).st_mode)]
    return pipes[-1]


def _is_open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True


def send_garbage(request: Answer, _folder: Path, _output: Path, _send: Send) -> Answer:
    descriptor = _answer_descriptor()
    content = bytes.fromhex(request["content"])
    while True:
        os.write(descriptor, content)
        if not request.get("for_ever"):
            break
    os._exit(0)


def send_raw(request: Answer, _folder: Path, _output: Path, _send: Send) -> Answer:
    body = request["body"].encode("utf-8", "surrogatepass")
    os.write(_answer_descriptor(), len(body).to_bytes(4) + body)
    os._exit(0)


def answer_and_stay(_request: Answer, _folder: Path, _output: Path, send: Send) -> Answer:
    send({"type": "result", "result": {}})
    while True:
        time.sleep(60)


def raise_unknown(_request: Answer, folder: Path, _output: Path, _send: Send) -> Answer:
    raise KeyError(f"no tag 3 in {folder / 'scan.dm4'} nor in /srv/secret place/x.dat")


def raise_number(_request: Answer, _folder: Path, _output: Path, _send: Send) -> Answer:
    return {"value": float("nan")}


def leave_link(request: Answer, _folder: Path, output: Path, _send: Send) -> Answer:
    if request["how"] == "symbolic":
        (output / "link").symlink_to("/etc/passwd")
    elif request["how"] == "hard":
        (output / "a").write_bytes(b"x")
        (output / "b").hardlink_to(output / "a")
    elif request["how"] == "name":
        Path(os.fsdecode(bytes(output) + b"/bad\xff")).write_bytes(b"x")
    else:
        os.mkfifo(output / "pipe")
    return {}


def fork_bomb(_request: Answer, _folder: Path, _output: Path, _send: Send) -> Answer:
    while True:
        os.fork()


def close_everything(_request: Answer, _folder: Path, _output: Path, _send: Send) -> Answer:
    os.closerange(0, 1024)
    while True:
        time.sleep(60)


def outlive_the_parent(_request: Answer, _folder: Path, _output: Path, send: Send) -> Answer:
    _libc.prctl(1, 0, 0, 0, 0)  # no death signal
    os.kill(os.getppid(), signal.SIGKILL)
    return {}
