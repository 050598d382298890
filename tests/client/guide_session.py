"""A reader of a guide: a folder with the files that it speaks of, and a shell that remembers."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from project.environment import CHECKOUT
from tests.client.guide_blocks import Block
from tests.patience import patient
from tests.synthetic import make_pattern_scan
from tests.ties import tie
from tests.vendor_files.dm import write_dm
from tests.vendor_files.empad import write_empad
from tests.vendor_files.mib import write_hdr, write_mib

_STATE = ".state"
# What one block exports, the next one has, as in a terminal that stays open.
_AROUND = f"set -euao pipefail\n[ ! -f {_STATE} ] || . ./{_STATE}\n%s\ndeclare -px > {_STATE}\n"


@dataclass(frozen=True)
class Reader:
    """Where somebody reads a guide and types what it says."""

    folder: Path
    environment: Mapping[str, str]

    def type(self, block: Block, words: Mapping[str, str]) -> None:
        """Do what a block says, with the ids of this place; what fails is an error with the line of the guide."""
        text = block.text
        for written, meant in words.items():
            text = text.replace(written, meant)
        if block.saved_as:
            (self.folder / block.saved_as).write_text(text, encoding="utf-8")
            return
        command = ("bash", "-c", _AROUND % text) if block.language == "sh" else (sys.executable, "-c", text)
        done = subprocess.run(
            tie(*command),
            cwd=self.folder,
            env=dict(self.environment),
            capture_output=True,
            text=True,
            check=False,
            timeout=patient(240),
        )
        assert done.returncode == 0, (
            f"line {block.line} of the guide ends with {done.returncode}\n{text}\n{done.stdout}\n{done.stderr}"
        )


def open_terminal(folder: Path, environment: Mapping[str, str]) -> Reader:
    """Return a reader in a folder from which the checkout's programs are reached as the guides write them."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / ".venv").symlink_to(CHECKOUT / ".venv")
    path = f"{CHECKOUT / '.venv' / 'bin'}{os.pathsep}{os.environ['PATH']}"
    homes = {name: str(folder / name) for name in ("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME")}
    kept = {name: os.environ[name] for name in ("LANG", "TMPDIR") if name in os.environ}
    return Reader(folder, {**kept, **homes, **environment, "PATH": path, "PYTHONPATH": str(CHECKOUT)})


def write_session(folder: Path) -> None:
    """Write the files of which the depositors' guide speaks, each of a few small patterns."""
    for below in ("calibration", "elsewhere"):
        (folder / below).mkdir(parents=True)
    for seed, name in enumerate(("scan_01", "scan_02", "vacuum", "test_01")):
        frames = make_pattern_scan(scan_shape=(4, 4), seed=seed).data.reshape(16, 48, 48)
        write_mib(folder / f"{name}.mib", frames)
        write_hdr(folder / f"{name}.hdr", frames=16, scan_shape=(4, 4))
    write_dm(folder / "calibration" / "gold.dm4", np.arange(64, dtype=np.uint16).reshape(8, 8))
    scan = make_pattern_scan(scan_shape=(3, 3), detector_shape=(128, 128), radius=19.5, dtype=np.float32)
    _, raw = write_empad(folder, scan.data, raw_name="scan.raw")
    shutil.move(raw, folder / "elsewhere" / "scan.raw")
