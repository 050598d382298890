"""The adapter around RosettaSciIO: whatever a plugin does, a sentence comes out that names the file."""

import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ingest.formats import rosettasciio
from ingest.formats.declaration import FormatDeclarationError
from ingest.formats.rosettasciio import MOST_BYTES, PluginArray, list_plugins, read_with_plugin
from ingest.readers.contract import ReadRefusedError

AXES = [
    {"name": "y", "size": 2, "units": "nm", "scale": 0.5, "offset": 0.0, "navigate": False},
    {"name": "x", "size": 3},
]
SOUND: dict[str, Any] = {"data": np.arange(6.0).reshape(2, 3), "axes": AXES, "original_metadata": {}}
Read = Callable[[Any], tuple[PluginArray, ...]]


@pytest.fixture
def read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Read:
    """Read a file with a plugin that returns, or raises, what it is given."""
    path = tmp_path / "scan_1.ser"
    path.write_bytes(b"bytes")

    def read_as(outcome: Any) -> tuple[PluginArray, ...]:
        def file_reader(filename: str, *, lazy: bool) -> Any:
            assert (filename, lazy) == (str(path), False)
            if isinstance(outcome, BaseException):
                raise outcome
            return outcome

        plugin = types.SimpleNamespace(file_reader=file_reader)
        monkeypatch.setattr(rosettasciio, "import_module", lambda name: {"rsciio.tia._api": plugin}[name])
        return read_with_plugin("tia", path, declared_bytes=48)

    return read_as


def test_sound_answer_is_taken(read: Read) -> None:
    (array,) = read([SOUND])
    assert array.shape == (2, 3)
    assert (array.axes[0].scale, array.axes[1].scale) == (0.5, 1.0)
    np.testing.assert_array_equal(array.load((slice(1, 2),)), [[3.0, 4.0, 5.0]])


@pytest.mark.parametrize(
    "error", [KeyError("x"), UnboundLocalError(), OSError("bad"), RecursionError(), ZeroDivisionError()]
)
def test_plugin_that_raises_is_a_refusal_in_our_words(read: Read, error: Exception) -> None:
    with pytest.raises(ReadRefusedError) as caught:
        read(error)
    finding = caught.value.finding
    assert finding.code == "plugin_failed"
    assert finding.message.startswith("RosettaSciIO's reader tia stopped at scan_1.ser: ")
    assert type(error).__name__ in finding.message
    assert finding.severity == "warning"  # it may be published unread


def test_want_of_memory_stays_one(read: Read) -> None:
    with pytest.raises(MemoryError):
        read(MemoryError())


@pytest.mark.parametrize(
    "answer",
    [
        None,
        [],
        {"data": 1},
        [1],
        [{**SOUND, "axes": AXES[:1]}],
        [{**SOUND, "axes": [AXES[0], {"name": "x", "size": 4}]}],
        [{**SOUND, "axes": [AXES[0], {"name": "x"}]}],
        [{**SOUND, "axes": [AXES[0], "x"]}],
        [{**SOUND, "axes": None}],
        [{**SOUND, "data": [[1, 2, 3]]}],
        [{**SOUND, "data": np.array([["a", "b", "c"]] * 2)}],
        [{**SOUND, "data": np.array([[object()] * 3] * 2)}],
        [{**SOUND, "original_metadata": 5}],
        [{"data": SOUND["data"], "axes": AXES}],
    ],
)
def test_plugin_that_breaks_its_promise_is_a_refusal(read: Read, answer: Any) -> None:
    with pytest.raises(ReadRefusedError) as caught:
        read(answer)
    assert caught.value.finding.code == "plugin_broke_promise"
    assert "tia" in caught.value.finding.message
    assert "scan_1.ser" in caught.value.finding.message


@pytest.mark.parametrize(
    ("block", "code"),
    [
        (OSError("bad block"), "plugin_failed"),
        (SystemExit(3), "plugin_failed"),
        (np.zeros((2, 2)), "plugin_broke_promise"),
        (np.array([["a", "b", "c"]]), "plugin_broke_promise"),
        (None, "plugin_broke_promise"),
    ],
)
def test_lazy_array_that_fails_or_lies_when_it_is_read_is_a_refusal(
    read: Read, block: Any, code: str
) -> None:
    class Lazy:
        dtype, shape = np.dtype("f8"), (2, 3)

        def __getitem__(self, region: Any) -> "Lazy":
            return self

        def compute(self, scheduler: str) -> Any:
            assert scheduler == "synchronous"
            if isinstance(block, BaseException):
                raise block
            return block

    (array,) = read([{**SOUND, "data": Lazy()}])
    with pytest.raises(ReadRefusedError) as caught:
        array.load((slice(0, 1),))
    assert caught.value.finding.code == code
    assert "tia" in caught.value.finding.message
    assert "scan_1.ser" in caught.value.finding.message


def test_size_is_judged_before_the_plugin_is_called(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rosettasciio, "import_module", lambda name: pytest.fail(f"{name} was imported"))
    with pytest.raises(ReadRefusedError) as caught:
        read_with_plugin("tia", tmp_path / "scan_1.ser", declared_bytes=MOST_BYTES + 1)
    assert caught.value.finding.code == "file_too_large_for_reader"


def test_plugin_that_no_format_declares_is_never_called(tmp_path: Path) -> None:
    assert "nexus" not in list_plugins()
    with pytest.raises(FormatDeclarationError, match="No format declares the plugin nexus"):
        read_with_plugin("nexus", tmp_path / "a.nxs", declared_bytes=1)


def test_lazy_array_reads_a_region_when_it_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from dask import array as dask_array

    asked: list[Any] = []

    def block(block_info: Any) -> Any:
        place = block_info[None]["array-location"]
        asked.append(place)
        return np.full([stop - start for start, stop in place], place[0][0])

    make_lazy: Any = dask_array.map_blocks
    lazy = make_lazy(block, chunks=((2, 2), (3,)), dtype=np.int64, meta=np.empty((0, 0), np.int64))
    answer = [{**SOUND, "data": lazy, "axes": [{"size": 4, "navigate": True}, {"size": 3}]}]
    plugin = types.SimpleNamespace(
        file_reader=lambda _name, lazy: answer if lazy else pytest.fail("not lazy")
    )
    monkeypatch.setattr(rosettasciio, "import_module", lambda _name: plugin)
    (array,) = read_with_plugin("tia", tmp_path / "a", declared_bytes=MOST_BYTES + 1, lazy=True)
    assert asked == []
    np.testing.assert_array_equal(array.load((slice(2, 3),)), [[2, 2, 2]])
    assert asked == [[(2, 4), (0, 3)]]
