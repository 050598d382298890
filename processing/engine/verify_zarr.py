"""Reads a written array back from disk and compares it with what was read from the source.

Every chunk is decoded again: its bytes must have the checksum (crc32c) that the source's values had, and
all chunks together the source's sum, extremes and NaN count. The writer and this decoder are ours, so the
first and the last block are read with tensorstore as well and compared value by value.
"""

from concurrent.futures import Executor
from pathlib import Path
from typing import Any

import google_crc32c
import numpy as np
import numpy.typing as npt
import tensorstore
from numcodecs import blosc

from processing.engine.plan_arrays import ArrayPlan, list_blocks
from processing.engine.shard_index import ShardChecks, clip_chunk, read_index, unseal_chunk
from processing.engine.value_summary import SummaryOfParts, ValueSummary, summarize_values

Region = tuple[slice, ...]
READ_CONCURRENCY = 2
CHUNKS_PER_TASK = 32


class ArrayDiffersError(RuntimeError):
    """The stored array does not hold what was read from the source."""


def open_array(folder: Path) -> Any:
    """Open a local Zarr v3 array with tensorstore, read only."""
    context = tensorstore.Context({"data_copy_concurrency": {"limit": READ_CONCURRENCY}})
    spec = {"driver": "zarr3", "kvstore": {"driver": "file", "path": f"{folder.resolve()}/"}}
    return tensorstore.open(spec, open=True, read=True, context=context).result()


class ArrayVerifier:
    """Verifies the shards of one array.

    Parameters
    ----------
    folder
        Root of the array.
    plan, dtype
        As written.
    checks
        What the writer noted of each shard while the source's values passed.
    """

    def __init__(
        self, folder: Path, *, plan: ArrayPlan, dtype: np.dtype[Any], checks: tuple[ShardChecks, ...]
    ) -> None:
        self._folder = folder
        self._plan = plan
        self._dtype = np.dtype(dtype)
        self.checks = checks
        self._parts = SummaryOfParts()

    def verify_shard(self, check: ShardChecks, executor: Executor) -> None:
        """Decode every chunk of a shard.

        Raises
        ------
        ArrayDiffersError
            If a chunk is missing or does not have the source's bytes.
        DamagedShardError
            If the index or a chunk does not have its checksum.
        """
        path = self._folder / check.key
        index = read_index(path, check.checksums.shape)
        chunks = list(check.list_chunks(self._plan))
        groups = [chunks[start : start + CHUNKS_PER_TASK] for start in range(0, len(chunks), CHUNKS_PER_TASK)]
        work = [executor.submit(self._verify_chunks, path, check, index, group) for group in groups]
        for done in work:
            for part in done.result():
                self._parts.add(part)

    def _verify_chunks(
        self, path: Path, check: ShardChecks, index: npt.NDArray[np.uint64], chunks: list[tuple[int, ...]]
    ) -> list[ValueSummary]:
        parts = []
        with path.open("rb") as file:
            for inside in chunks:
                offset, size = (int(number) for number in index[inside])
                file.seek(offset)
                raw = blosc.decompress(unseal_chunk(file.read(size)))
                if google_crc32c.value(raw) != int(check.checksums[inside]):
                    raise ArrayDiffersError(
                        f"Chunk {inside} of {check.key} does not hold the source's values."
                    )
                values = np.frombuffer(raw, self._dtype).reshape(self._plan.chunk)
                parts.append(summarize_values(values[clip_chunk(self._plan, check.at, inside)]))
        return parts

    def finish(self, expected: ValueSummary) -> None:
        """Compare sums.

        Raises
        ------
        ArrayDiffersError
            If sum, extremes, NaN count or number of values differ.
        """
        found = self._parts.build()
        if found.as_dict() != expected.as_dict():
            raise ArrayDiffersError(f"The source gives {expected.as_dict()}, the array {found.as_dict()}.")


def compare_ends(folder: Path, plan: ArrayPlan, ends: tuple[npt.NDArray[Any], npt.NDArray[Any]]) -> None:
    """Compare the source's first and last block with what tensorstore reads there.

    Raises
    ------
    ArrayDiffersError
        If a value differs.
    """
    array = open_array(folder)
    regions = list(list_blocks(plan))
    for region, block in zip((regions[0], regions[-1]), ends, strict=True):
        found = np.asarray(array[region].read().result() if region else array.read().result())
        if found.tobytes() != block.tobytes():
            raise ArrayDiffersError(f"tensorstore reads other values at {region}.")
