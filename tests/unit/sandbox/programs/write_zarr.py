"""Write and read Zarr v3 with tensorstore and its threads."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import tensorstore as ts


def main(
    _request: dict[str, Any], _folder: Path, output: Path, _send: Callable[[dict[str, Any]], None]
) -> dict[str, Any]:
    array = np.arange(16 * 16 * 32 * 32, dtype=np.uint16).reshape(16, 16, 32, 32)
    codecs = [
        {
            "name": "sharding_indexed",
            "configuration": {
                "chunk_shape": [4, 4, 32, 32],
                "codecs": [
                    {"name": "bytes", "configuration": {"endian": "little"}},
                    {
                        "name": "blosc",
                        "configuration": {"cname": "zstd", "clevel": 1, "shuffle": "bitshuffle"},
                    },
                ],
            },
        }
    ]
    store = ts.open(
        {
            "driver": "zarr3",
            "kvstore": {"driver": "file", "path": f"{output}/data/zarr/"},
            "context": {"data_copy_concurrency": {"limit": 2}, "file_io_concurrency": {"limit": 4}},
            "metadata": {
                "shape": array.shape,
                "data_type": "uint16",
                "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [8, 8, 32, 32]}},
                "codecs": codecs,
            },
        },
        create=True,
    ).result()
    store.write(array).result()
    return {"same": bool((store.read().result() == array).all())}
