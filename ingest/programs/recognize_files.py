"""Sandboxed: say of each uploaded file what it is, and which files make one measurement."""

from pathlib import Path
from typing import Any

from confined.sandbox.protocol import Send
from ingest.formats.grouping import group_files
from ingest.formats.preloading import preload_readers
from ingest.formats.recognition import recognize
from ingest.readers.contract import FormatMatch

preload_readers()  # before the sandbox closes


def main(request: dict[str, Any], folder: Path, output: Path, send: Send) -> dict[str, Any]:  # noqa: ARG001 - the program signature
    """Recognize the files below `folder`, one message for each, then group them.

    Parameters
    ----------
    request
        ``only``: relative paths to recognize (all when missing); ``skip``: paths to leave out, such as one
        that crashed the process before; ``known``: matches from an earlier, interrupted run, by path;
        ``listing``: further paths of the deposit.
    folder
        The uploaded files under their own names.
    send
        Receives ``{"type": "file", "path": …, **match}`` before the next file is touched, so that a crash
        loses only the file that caused it.

    Returns
    -------
    dict
        ``{"files": {path: match}, "grouping": {…}}``.
    """
    known: dict[str, Any] = request.get("known") or {}
    skip = set(request.get("skip") or ()) | set(known)
    present = {str(path.relative_to(folder)): path for path in folder.rglob("*") if path.is_file()}
    wanted = request.get("only")
    paths = sorted(present) if wanted is None else [path for path in wanted if path in present]
    matches = {path: FormatMatch.from_dict(match) for path, match in known.items()}
    todo = [path for path in paths if path not in skip]
    for number, path in enumerate(todo):
        # Sent first: after a crash the parent knows which file was being looked at.
        send({"type": "progress", "fraction": number / len(todo), "message": f"recognizing {path}"})
        matches[path] = recognize(present[path], path)
        send({"type": "file", "path": path, **matches[path].as_dict()})
    sizes = {path: present[path].stat().st_size for path in matches if path in present}
    grouping = group_files(matches, sizes, [*(request.get("listing") or ()), *(request.get("skip") or ())])
    return {
        "files": {path: match.as_dict() for path, match in matches.items()},
        "grouping": grouping.as_dict(),
    }
