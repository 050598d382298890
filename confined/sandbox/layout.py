"""The private folder of one run: inputs under their own names, a place for temporary files, nothing else.

Inputs are symbolic links to the stored objects. No byte is copied, it works across file systems and owners,
and Landlock judges the file behind the link, so the link itself grants nothing.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from confined.sandbox.errors import SandboxRefusalError
from repository.schema.findings import Finding

_MAX_COMPONENT_BYTES = 255  # of every Linux file system


@dataclass(frozen=True, slots=True)
class PrivateFolder:
    """Where one program works. `objects` are the stored files that stand behind the names in `inputs`."""

    root: Path
    inputs: Path
    temporary: Path
    objects: tuple[Path, ...]


@contextmanager
def private_folder(*, inputs: Mapping[str, Path], beside: Path) -> Iterator[PrivateFolder]:
    """Make the folder beside `beside` (same disk), and take it away again whatever happened inside."""
    for name in inputs:
        _check_name(name)
    root = Path(tempfile.mkdtemp(prefix="confined-", dir=beside.resolve()))
    try:
        folder = PrivateFolder(
            root=root,
            inputs=root / "inputs",
            temporary=root / "tmp",
            objects=tuple(path.resolve(strict=True) for path in inputs.values()),
        )
        folder.inputs.mkdir()
        folder.temporary.mkdir()
        for name, target in zip(inputs, folder.objects, strict=True):
            link = folder.inputs / name
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(target)
        yield folder
    finally:
        _make_removable(root)
        shutil.rmtree(root)


def empty_folder(folder: Path) -> None:
    """Remove everything in a folder that a confined program wrote to."""
    _make_removable(folder)
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def _check_name(name: str) -> None:
    parts = PurePosixPath(name).parts
    if not parts or name.startswith("/") or ".." in parts or "\0" in name:
        raise _name_refused(name, "it does not stay inside one folder")
    try:
        lengths = [len(os.fsencode(part)) for part in parts]
    except UnicodeEncodeError:
        raise _name_refused(name, "it is not valid Unicode") from None
    if max(lengths) > _MAX_COMPONENT_BYTES:
        raise _name_refused(name, f"it has a part longer than {_MAX_COMPONENT_BYTES} bytes")


def _name_refused(name: str, reason: str) -> SandboxRefusalError:
    shown = name.encode("utf-8", "replace").decode()[:80]
    return SandboxRefusalError(
        Finding(
            severity="error",
            code="file_name_unusable",
            message=f"The file cannot be read under its name “{shown}”: {reason}.",
            hint="Readers find companions by name, so it is kept as it is. Upload it under a plain name.",
            layer="file",
        )
    )


def _make_removable(root: Path) -> None:
    for folder, names, _ in os.walk(root):
        for name in names:
            path = Path(folder, name)
            if not path.is_symlink():
                path.chmod(0o700)
