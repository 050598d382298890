"""Formats whose code fails, in the confined process: the others work, and the sentence names the folder."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from confined.sandbox import (
    Limits,
    Preparation,
    SandboxError,
    SandboxRefusalError,
    ZygoteKeeper,
    run_confined,
)
from tests.patience import patient
from tests.toy_formats import MAGIC, build_tree, use_tree, write_format

FAULTY = {
    "hanging": {
        "recognize": 'return Recognized("HANG") if file.head.startswith(b"HANG") else None',
        "opening": "while True: pass",
    },
    "lying": {
        "recognize": 'return Recognized("LIES") if file.head.startswith(b"LIES") else None',
        "opening": "return {}",
    },
    "raising": {"recognize": 'raise KeyError("no such tag")'},
    "telling": {"recognize": 'return "a toy"'},
    "numbering": {"recognize": "return None", "opening": 'return OpenedFile("numbering", "1", (1, 2), {})'},
    "misnaming": {
        "recognize": "return None",
        "opening": """axes = (Axis("detector_y", 2), Axis("detector_x", 2))
    signal = SignalSource("My Data", (2, 2), np.dtype("u2"), axes, 2, lambda region: None)
    return OpenedFile("misnaming", "1", (signal,), {})""",
    },
}
PLUGGED = """import sys
    import types

    from ingest.formats.rosettasciio import read_with_plugin

    def file_reader(filename, lazy):
        {fault}

    plugin = types.ModuleType("rsciio.toyplug._api")
    plugin.file_reader = file_reader
    sys.modules[plugin.__name__] = plugin
    read_with_plugin("toyplug", next(iter(files.values())), declared_bytes=8)"""
PLUGINS = {
    "plugraising": "raise KeyError('no such tag')",
    "plugexiting": "sys.exit(3)",
    "pluglying": "return 5",
    "plughanging": "while True: pass",
}
PROGRAMS = ("ingest.programs.open_file:main", "ingest.programs.recognize_files:main")


@pytest.fixture(scope="module")
def formats(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = build_tree(tmp_path_factory.mktemp("tree"))
    write_format(folder, "toy")
    for name, parts in FAULTY.items():
        write_format(folder, name, **parts)
    for name, fault in PLUGINS.items():
        own = write_format(folder, name, recognize="return None", opening=PLUGGED.format(fault=fault))
        declaration = own / "declaration.py"
        text = declaration.read_text()
        declaration.write_text(text.replace("map=", 'plugin="toyplug",\n        map='))
    exploding = write_format(folder, "exploding") / "reader.py"
    exploding.write_text("raise RuntimeError('no licence')\n" + exploding.read_text())
    unloadable = write_format(folder, "unloadable")
    (unloadable / "reader.py").write_text(
        "import no_such_module\n\n\ndef recognize(file): ...\ndef open_toy(a, b): ...\n"
    )
    (write_format(folder, "undeclared") / "declaration.py").write_text("FORMATS = (")
    return folder


@pytest.fixture(params=["fresh", "forked"])
def zygotes(
    request: pytest.FixtureRequest, formats: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[ZygoteKeeper | None]:
    """Run what follows by an interpreter of its own, and forked from a zygote."""
    with use_tree(formats, monkeypatch):
        if request.param == "fresh":
            yield None
            return
        keeper = ZygoteKeeper(lambda: Preparation(PROGRAMS))
        assert keeper.find() is not None
        yield keeper
        keeper.close()


@pytest.fixture
def upload(tmp_path: Path) -> dict[str, Path]:
    contents = {
        "a.toy": MAGIC + np.arange(8, dtype="<u2").tobytes(),
        "h.bin": b"HANG" + bytes(20),
        "l.bin": b"LIES" + bytes(20),
        "p.odd": bytes(20),
        "notes.txt": b"session of Tuesday",
    }
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    return {name: tmp_path / name for name in contents}


def run(
    program: str,
    request: dict[str, Any],
    inputs: dict[str, Path],
    zygotes: ZygoteKeeper | None,
    *,
    wall_s: float = patient(120),  # a number
) -> dict[str, Any]:
    output = next(iter(inputs.values())).parent / "job" / "output"
    output.mkdir(parents=True, exist_ok=True)
    return run_confined(
        program=f"ingest.programs.{program}:main",
        request=request,
        inputs=inputs,
        output=output,
        limits=Limits(wall_s=wall_s, free_bytes=0),
        on_message=lambda _: None,
        zygotes=zygotes,
    )


def test_fault_of_one_recognition_hinders_no_other(
    upload: dict[str, Path], zygotes: ZygoteKeeper | None
) -> None:
    files = run("recognize_files", {}, upload, zygotes)["files"]
    assert {name: match["format"] for name, match in files.items()} == {
        "a.toy": "toy", "h.bin": "hanging", "l.bin": "lying", "notes.txt": "text", "p.odd": None,
    }  # fmt: skip
    for match in files.values():
        said = [
            finding["message"] for finding in match["findings"] if finding["code"] == "format_part_failed"
        ]
        assert len(said) == 4
        for folder, reason in (
            ("raising", "no such tag"),
            ("telling", "str where"),
            ("unloadable", "no_such_module"),
            ("exploding", "no licence"),
        ):
            (sentence,) = [one for one in said if f"ingest/formats/{folder}" in one]
            assert reason in sentence


def test_sound_format_is_opened_beside_them(upload: dict[str, Path], zygotes: ZygoteKeeper | None) -> None:
    opened = run("open_file", {"format": "toy", "files": ["a.toy"]}, {"a.toy": upload["a.toy"]}, zygotes)
    assert (opened["signals"][0]["shape"], opened["reader"]["name"]) == ([2, 4], "toy")


@pytest.mark.parametrize(
    ("identifier", "said"),
    [
        ("lying", "`open` of the format in ingest/formats/lying gave something else"),
        ("unloadable", "ingest/formats/unloadable cannot load `open`"),
        ("exploding", "ingest/formats/exploding cannot load `open`"),
        ("numbering", "`open` of the format in ingest/formats/numbering gave arrays of another kind"),
        ("misnaming", "ingest/formats/misnaming gave arrays with the names My Data"),
    ],
)
def test_faulty_reader_is_named_by_its_folder(
    upload: dict[str, Path], zygotes: ZygoteKeeper | None, identifier: str, said: str
) -> None:
    with pytest.raises(SandboxRefusalError) as caught:
        run("open_file", {"format": identifier, "files": ["l.bin"]}, {"l.bin": upload["l.bin"]}, zygotes)
    assert caught.value.finding.code == "format_part_failed"
    assert said in caught.value.finding.message
    assert caught.value.finding.severity == "warning"


@pytest.mark.parametrize(
    ("identifier", "code", "said"),
    [
        ("plugraising", "plugin_failed", "toyplug stopped at p.odd: KeyError"),
        ("plugexiting", "plugin_failed", "toyplug stopped at p.odd: SystemExit: 3"),
        (
            "pluglying",
            "plugin_broke_promise",
            "toyplug gave int where a list of arrays was promised for p.odd",
        ),
    ],
)
def test_faulty_plugin_is_named_with_the_file(
    upload: dict[str, Path], zygotes: ZygoteKeeper | None, identifier: str, code: str, said: str
) -> None:
    with pytest.raises(SandboxRefusalError) as caught:
        run("open_file", {"format": identifier, "files": ["p.odd"]}, {"p.odd": upload["p.odd"]}, zygotes)
    assert (caught.value.finding.code, caught.value.finding.severity) == (code, "warning")
    assert said in caught.value.finding.message


@pytest.mark.parametrize("identifier", ["hanging", pytest.param("plughanging", marks=pytest.mark.long)])
def test_reader_or_plugin_that_never_ends_is_ended(
    upload: dict[str, Path], zygotes: ZygoteKeeper | None, identifier: str
) -> None:
    with pytest.raises(SandboxError) as caught:
        run(
            "open_file",
            {"format": identifier, "files": ["h.bin"]},
            {"h.bin": upload["h.bin"]},
            zygotes,
            wall_s=patient(3),
        )
    assert caught.value.finding.code == "reader_timeout"
