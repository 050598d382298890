"""Whether the files that a program reads are what was stored: a reader takes damaged counts for counts."""

import hashlib
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from confined.sandbox import SandboxError
from repository.errors import TransientError
from repository.integrations.object_store import BLOCK_BYTES, DigestMismatchError, ObjectMissingError
from repository.services.fixity import check_object, describe_damaged_file, describe_objects
from repository.services.storage import ObjectStoreUnavailableError, get_object_store


class InputDamagedError(SandboxError):
    """What is stored of a file is not what was uploaded; nothing is computed from it.

    Attributes
    ----------
    path
        The file, as it was named when it was uploaded.
    """

    def __init__(self, path: str) -> None:
        super().__init__(describe_damaged_file(path))
        self.path = path


def locate_inputs(digests: Mapping[str, str]) -> dict[str, Path]:
    """Return where a program finds its files, by the names under which they were uploaded.

    Raises
    ------
    InputDamagedError
        One of them is known to be damaged, or is found to be missing or cut off.
    TransientError
        The store does not answer.
    """
    store = get_object_store()
    known = describe_objects(digests.values())
    inputs = {}
    for path, sha256 in digests.items():
        row = known.get(sha256)
        if row is not None and row.is_damaged:
            raise InputDamagedError(path)
        try:
            location = store.path_of(sha256)
            size = location.stat().st_size
        except (FileNotFoundError, DigestMismatchError, ObjectMissingError) as fault:
            raise _describe(path, sha256) from fault
        if row is not None and row.size != size:
            raise _describe(path, sha256)
        inputs[path] = location
    return inputs


class InputCheck:
    """Hashes the files of a program from a thread of its own, while the program reads them too.

    The medium is read once: whoever comes second finds the bytes in memory. Hashing in the program itself would not do,
    for it does not read every byte, nor in file order.
    """

    def __init__(self, inputs: Mapping[str, Path], digests: Mapping[str, str]) -> None:
        self._inputs = inputs
        self._digests = digests
        self._suspects: list[str] = []
        self._is_given_up = threading.Event()
        self._thread = threading.Thread(target=self._hash_all, name="input-check", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_given_up.set()
        self._thread.join()

    def require_whole(self) -> None:
        """Wait until everything is hashed.

        Raises
        ------
        InputDamagedError
            A file is not what was uploaded; that is written down.
        TransientError
            Only this machine's copy of it was damaged, and is gone.
        """
        self._thread.join()
        for path in self._suspects:
            raise _describe(path, self._digests[path])

    def _hash_all(self) -> None:
        for path, location in self._inputs.items():
            if not self._has_digest(location, self._digests[path]):
                self._suspects.append(path)

    def _has_digest(self, location: Path, sha256: str) -> bool:
        hasher = hashlib.sha256()
        try:
            with location.open("rb") as source:
                while not self._is_given_up.is_set() and (block := source.read(BLOCK_BYTES)):
                    hasher.update(block)
        except (
            OSError
        ):  # it went away, or the medium gave it up: looked at again, with the reason, by whoever asks
            return False
        return self._is_given_up.is_set() or hasher.hexdigest() == sha256


def _describe(path: str, sha256: str) -> Exception:
    """Have the store look at a suspect itself, and return what is to be raised."""
    try:
        damage = check_object(sha256)
    except ObjectStoreUnavailableError as fault:
        return TransientError(f"The object store does not answer: {fault}")
    if damage:
        return InputDamagedError(path)
    return TransientError(f"This machine's copy of {path} was damaged; it is fetched again.")
