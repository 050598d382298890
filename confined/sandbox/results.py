"""What a confined program left behind, looked at without following anything."""

import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from confined.sandbox.errors import ReaderFileSizeError, ReaderOutputError
from repository.schema.findings import Finding

_MAX_FILES = 2_000_000
_MAX_DEPTH = 64


def collect_output(
    output: Path, *, max_bytes: int = 1 << 42, max_files: int = _MAX_FILES
) -> Mapping[str, Path]:
    """Return the result files by their relative names with forward slashes, sorted.

    Only plain files that exist once are accepted: no links of either kind, no devices, sockets or pipes.
    Files become readable for their owner and nobody else changes them: the process that wrote them has
    ended.

    Raises
    ------
    ReaderOutputError
        Something else than plain files and folders was left.
    ReaderFileSizeError
        The results are larger together, or more, than allowed.
    """
    files: dict[str, Path] = {}
    total = 0
    for path, status in _walk(output, depth=0):
        total += status.st_size
        files[_relative_name(path, output)] = path
        if total > max_bytes or len(files) > max_files:
            raise ReaderFileSizeError(
                _finding(
                    "reader_output_too_large",
                    f"The results made from this file exceed {max_bytes} bytes or {max_files} files.",
                )
            )
    return dict(sorted(files.items()))


def _walk(folder: Path, *, depth: int) -> Iterator[tuple[Path, os.stat_result]]:
    if depth > _MAX_DEPTH:
        raise _refusal("folders nested without end")
    if depth > 0:
        folder.chmod(0o700)
    with os.scandir(folder) as entries:
        for entry in entries:
            status = entry.stat(follow_symlinks=False)
            path = folder / entry.name
            if stat.S_ISDIR(status.st_mode):
                yield from _walk(path, depth=depth + 1)
            elif not stat.S_ISREG(status.st_mode) or status.st_nlink != 1:
                raise _refusal("a link or a special file")
            else:
                path.chmod(0o600)
                yield path, status


def _relative_name(path: Path, output: Path) -> str:
    name = path.relative_to(output).as_posix()
    if not name.isprintable():  # also false for bytes that are not UTF-8
        raise _refusal("a file name that cannot be shown")
    return name


def _refusal(what: str) -> ReaderOutputError:
    return ReaderOutputError(
        _finding("reader_output_refused", f"The program that reads this file left {what} among its results.")
    )


def _finding(code: str, message: str) -> Finding:
    return Finding(
        severity="error",
        code=code,
        message=message,
        hint="A file made to take over its reader can do this. The results are thrown away, the bytes kept.",
        layer="reading",
    )
