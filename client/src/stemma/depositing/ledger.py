"""What this machine remembers of an unfinished deposit, so that the same command goes on with it."""

import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path
from threading import Event, Lock
from typing import Any

import platformdirs

from stemma.depositing.local_files import LocalFile
from stemma.depositing.stopping import check_stop
from stemma.digests import hash_stream
from stemma.errors import JsonObject


class Ledger:
    """A small JSON file per server and set of PATHs: the deposit's id, and digests of its files."""

    def __init__(self, location: Path) -> None:
        self.location = location
        self._lock = Lock()
        self._content: dict[str, Any] = _read(location)

    @classmethod
    def for_paths(cls, server: str, paths: Sequence[Path]) -> "Ledger":
        resolved = sorted({str(path.resolve()) for path in paths})
        key = hashlib.sha256(json.dumps([server, resolved]).encode()).hexdigest()[:32]
        return cls(platformdirs.user_state_path("stemma") / "deposits" / f"{key}.json")

    @property
    def deposit_id(self) -> str | None:
        found = self._content.get("deposit")
        return found if isinstance(found, str) else None

    @property
    def document_digest(self) -> str | None:
        """Digest of the metadata document the server was given last."""
        found = self._content.get("document")
        return found if isinstance(found, str) else None

    @property
    def sent_document(self) -> JsonObject | None:
        """The metadata document the server was given last, where it was one of this machine's."""
        found = self._content.get("sent")
        return found if isinstance(found, dict) else None

    def begin(self, deposit_id: str, document_digest: str | None, document: JsonObject | None) -> None:
        self._content |= {"deposit": deposit_id, "document": document_digest, "sent": document}
        self._write()

    def note_document(self, document_digest: str | None, document: JsonObject | None) -> None:
        self._content["document"] = document_digest
        if document is not None:
            self._content["sent"] = document
        self._write()

    def finish(self) -> None:
        """Forget the deposit: the next run of the same command starts another."""
        self.location.unlink(missing_ok=True)
        self._content = {}

    def digest_of(self, file: LocalFile, stop: Event | None = None) -> str:
        """Return the file's sha256: remembered while size and time of change stay, else computed."""
        stamp = file.find_stamp()
        known = self._content.get("digests", {}).get(str(file.location))
        if isinstance(known, list) and known[:2] == stamp:
            return str(known[2])
        with file.open_stream() as stream:
            digest = hash_stream(stream, on_block=lambda _: check_stop(stop) if stop else None)
        with self._lock:
            self._content.setdefault("digests", {})[str(file.location)] = [*stamp, digest]
            self._write()
        return digest

    def forget_digest(self, file: LocalFile) -> None:
        with self._lock:
            self._content.get("digests", {}).pop(str(file.location), None)
            self._write()

    def note_upload(self, name: str, address: str) -> None:
        """Remember an upload that was begun here: nobody else minds when it ends for a newer one."""
        with self._lock:
            self._content.setdefault("uploads", {})[name] = address
            self._write()

    def find_upload(self, name: str) -> str:
        """Return the address of the upload of a file that was begun here last."""
        return str(self._content.get("uploads", {}).get(name) or "")

    def _write(self) -> None:
        self.location.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        partial = self.location.with_suffix(f".{os.getpid()}.new")
        partial.write_text(json.dumps(self._content), encoding="utf-8")
        partial.replace(self.location)


def digest_document(document: Any) -> str:
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()


def _read(location: Path) -> dict[str, Any]:
    try:
        content = json.loads(location.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}  # a damaged memory costs a re-hash and a new draft, not the command
    return content if isinstance(content, dict) else {}
