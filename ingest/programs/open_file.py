"""Sandboxed: open one measurement and describe its signals and header; no array is read."""

from pathlib import Path
from typing import Any

from confined.sandbox.protocol import Send
from ingest.formats.opening import open_measurement
from ingest.formats.preloading import preload_readers
from ingest.readers.contract import ReadHints

preload_readers()  # before the sandbox closes


def main(request: dict[str, Any], folder: Path, output: Path, send: Send) -> dict[str, Any]:  # noqa: ARG001 - the program signature
    """Open the measurement and return its description as JSON.

    Parameters
    ----------
    request
        ``format``; ``files``: relative paths, the primary file first; ``hints``: such as
        ``{"scan_shape": [y, x]}``.
    folder
        The uploaded files under their own names.
    send
        Receives one progress message.

    Returns
    -------
    dict
        ``{"signals": […], "header": {…}, "findings": […], "reader": {"name", "version"}}``.

    Raises
    ------
    ReadRefusedError
        With the finding that says why the files are not read.
    """
    files = {path: folder / path for path in request["files"]}
    send({"type": "progress", "fraction": 0.0, "message": f"opening {request['files'][0]}"})
    with open_measurement(
        request["format"], files, ReadHints.from_dict(request.get("hints") or {})
    ) as opened:
        return {
            "signals": [signal.describe() for signal in opened.signals],
            "header": opened.header,
            "findings": [finding.as_dict() for finding in opened.findings],
            "reader": {"name": opened.format, "version": opened.reader_version},
        }
