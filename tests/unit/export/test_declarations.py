"""A file that declares its export badly says so in a sentence, and takes nothing with it."""

import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path

import pytest

from repository.exports.declaration import BrokenExportError, render
from repository.exports.registry import Registry, get_registry, list_dataset_exports, scan_exports
from tests.toy_export import OF_ARRAYS, OF_DATASET, OF_MEASUREMENT, OF_PRODUCT, TOYS

Scan = Callable[[], Registry]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return an importable package without exports yet."""
    package = tmp_path / "toys"
    package.mkdir()
    (package / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    yield package
    for name in [name for name in sys.modules if name.partition(".")[0] == "toys"]:
        del sys.modules[name]


@pytest.fixture
def scan(folder: Path) -> Scan:
    return lambda: scan_exports(import_module(folder.name))


def without(text: str, part: str) -> str:
    return "".join(line for line in text.splitlines(keepends=True) if f"    {part}=" not in line)


def test_no_file_of_ours_is_set_aside() -> None:
    assert get_registry().set_aside == ()
    assert [export.ending for export in get_registry().exports] == [
        "jsonld",
        "datacite.xml",
        "datacite.json",
        "bib",
        "nxem.nxs",
        "hyperspy.hspy",
        "prov.jsonld",
    ]


def test_new_files_are_found_in_their_order(folder: Path, scan: Scan) -> None:
    for name, text in TOYS.items():
        (folder / f"{name}.py").write_text(text)
    registry = scan()
    assert registry.set_aside == ()
    assert [(one.ending, one.about, one.needs) for one in registry.exports] == [
        ("toy.txt", "dataset", "metadata"),
        ("toy.bin", "measurement", "arrays"),
        ("toy.json", "measurement", "metadata"),
        ("toy.npy", "measurement", "arrays"),
    ]
    assert [one.relation for one in registry.exports] == [
        "describedby",
        "alternate",
        "describedby",
        "alternate",
    ]


COMMON = ("ending", "label", "media_type", "description", "specification")


@pytest.mark.parametrize(
    ("text", "part"),
    [
        *((OF_DATASET, part) for part in (*COMMON, "write")),
        *((OF_MEASUREMENT, part) for part in (*COMMON, "write")),
        *((OF_ARRAYS, part) for part in (*COMMON, "write", "most_bytes")),
        *((OF_PRODUCT, part) for part in (*COMMON, "product")),
    ],
)
def test_a_missing_part_fails_at_import_and_is_named(folder: Path, scan: Scan, text: str, part: str) -> None:
    (folder / "good.py").write_text(OF_DATASET.replace("toy", "good"))
    (folder / "toy.py").write_text(without(text, part))
    with pytest.raises(BrokenExportError, match=rf"The export in toys/toy\.py has no `{part}`"):
        import_module("toys.toy")
    registry = scan()
    assert [one.ending for one in registry.exports] == ["good.txt"]
    [sentence] = registry.set_aside
    assert sentence.startswith(f"The export in toys/toy.py has no `{part}`")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("module=__name__", 'module=""', "a file that `module` does not name has no `module`"),
        (
            "module=__name__",
            'module="toys.other"',
            "says that it stands in toys/other.py: write module=__name__",
        ),
        ('ending="toy.txt"', 'ending=".TXT"', "has the ending “.TXT”"),
        ('ending="toy.txt"', 'ending="a/b"', "has the ending “a/b”"),
        ('media_type="text/x-toy"', 'media_type="toy"', "has the media type “toy”"),
        ('media_type="text/x-toy"', 'media_type="text/x-toy; q=1"', "has the media type “text/x-toy; q=1”"),
        (
            'media_type="text/x-toy"',
            'media_type="text/html"',
            "has the media type text/html, which the page has",
        ),
        ('aliases=("application/x-toy",)', 'aliases=("application/x-toy")', "`aliases` that are no tuple"),
        ('aliases=("application/x-toy",)', 'aliases=("X/Toy",)', "has the media type “X/Toy”"),
        (
            'specification="https://',
            'specification="',
            "has the specification “toys.example/text”, which is no",
        ),
        ("rank=15", 'rank="first"', "has a `rank` that is no whole number"),
        ("rank=15", 'relation="item"', "has the relation “item”: one of describedby, alternate"),
        ("rank=15", 'profile="https://toys.example/a\\";b"', "which is no address"),
        ("rank=15", 'profile="toys"', "has the profile “toys”, which is no address"),
        ("write=write_toy", 'write="write_toy"', "has no `write`"),
        ("EXPORT =", "EXPORT = 1 / 0,", "cannot be read: ZeroDivisionError"),
        ("EXPORT =", "OTHER =", "cannot be read: AttributeError"),
        ("EXPORT = DatasetExport(", "EXPORT = dict(", "has no EXPORT of a dataset"),
        ("EXPORT =", "EXPORT = = ", "cannot be read: SyntaxError"),
        ("import json", "import no_such_module", "cannot be read: ModuleNotFoundError"),
        ("rank=15", "colour=15", "cannot be read: TypeError"),
    ],
)
def test_what_cannot_be_is_a_sentence(folder: Path, scan: Scan, old: str, new: str, said: str) -> None:
    assert old in OF_DATASET
    (folder / "toy.py").write_text(OF_DATASET.replace(old, new))
    registry = scan()
    assert registry.exports == ()
    [sentence] = registry.set_aside
    assert said in sentence
    assert "module" in said or "toys/toy.py" in sentence


SECOND = OF_DATASET.replace("toy.txt", "other.txt").replace("x-toy", "x-other")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('ending="other.txt"', 'ending="toy.txt"', "the ending “toy.txt”, which toys/a.py has already"),
        ("text/x-other", "text/x-toy", "the media type text/x-toy, which toys/a.py has already"),
        ("application/x-other", "application/x-toy", "the media type application/x-toy, which toys/a.py has"),
        ("application/x-other", "text/x-toy", "the media type text/x-toy, which toys/a.py has already"),
    ],
)
def test_what_is_there_twice_names_both_files(
    folder: Path, scan: Scan, old: str, new: str, said: str
) -> None:
    (folder / "a.py").write_text(OF_DATASET)
    (folder / "b.py").write_text(SECOND.replace(old, new))
    (folder / "c.py").write_text(OF_ARRAYS)
    registry = scan()
    assert [one.ending for one in registry.exports] == ["toy.txt", "toy.bin"]
    [sentence] = registry.set_aside
    assert sentence.startswith("The export in toys/b.py has")
    assert said in sentence


def test_two_of_a_type_are_told_apart_by_a_profile(folder: Path, scan: Scan) -> None:
    (folder / "a.py").write_text(OF_DATASET)
    profile = 'rank=16,\n    profile="https://toys.example/Profile"'
    (folder / "b.py").write_text(SECOND.replace("text/x-other", "text/x-toy").replace("rank=15", profile))
    registry = scan()
    assert registry.set_aside == ()
    assert [one.representation for one in registry.exports] == [
        "text/x-toy",
        "text/x-toy;profile=https://toys.example/Profile",
    ]
    assert registry.exports[1].content_type == 'text/x-toy; profile="https://toys.example/Profile"'


def test_dataset_and_measurement_may_have_the_same_ending(folder: Path, scan: Scan) -> None:
    (folder / "a.py").write_text(OF_DATASET)
    (folder / "b.py").write_text(OF_MEASUREMENT.replace("toy.json", "toy.txt"))
    registry = scan()
    assert registry.set_aside == ()
    assert {one.locate("7q2m-x4dn") for one in registry.exports} == {
        "/datasets/7q2m-x4dn.toy.txt",
        "/api/v1/measurements/7q2m-x4dn/exports/toy.txt",
    }


def test_what_is_written_is_sent_as_utf_8() -> None:
    assert render("Å") == b"\xc3\x85"
    assert render(b"\xff") == b"\xff"
    assert render({"unit": "Å"}) == '{\n  "unit": "Å"\n}'.encode()


def test_what_reference_managers_read_stands_beside_the_citation() -> None:
    """Media types of formatted references, as the DOI registrars negotiate them."""
    references = {
        "application/x-bibtex",
        "application/x-research-info-systems",
        "application/vnd.citationstyles.csl+json",
    }
    exports = list_dataset_exports()
    assert {export.media_type for export in exports if export.is_citation} == references & {
        export.media_type for export in exports
    }
