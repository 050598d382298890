"""Import the vendor libraries that readers use."""

from typing import Any

import hdf5plugin
from rsciio import blockfile, digitalmicrograph


def main(*_: Any) -> dict[str, Any]:
    modules = (hdf5plugin, blockfile, digitalmicrograph)
    return {"modules": [module.__name__ for module in modules]}
