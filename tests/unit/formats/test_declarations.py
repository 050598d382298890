"""A folder that declares its format badly says so in a sentence, and takes nothing with it."""

import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path

import pytest

from ingest.formats.declaration import FormatDeclarationError
from ingest.formats.headers import map_vendor_header
from ingest.formats.registry import Registry, get_registry, read_declaration, scan_formats
from tests.toy_formats import DECLARATION, write_format

Scan = Callable[[], Registry]


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an importable package without formats yet."""
    folder = tmp_path / "toys"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    return folder


@pytest.fixture
def scan(package: Path) -> Iterator[Scan]:
    yield lambda: scan_formats(import_module(package.name))
    for name in [name for name in sys.modules if name.partition(".")[0] == package.name]:
        del sys.modules[name]


def test_a_new_folder_is_found(package: Path, scan: Scan) -> None:
    write_format(package, "toy")
    registry = scan()
    assert registry.set_aside == ()
    assert registry.formats["toy"].title == "Toy of toy"
    assert not [
        name for name in sys.modules if name.startswith("toys.toy.") and not name.endswith(".declaration")
    ]


@pytest.mark.parametrize(
    "part", ["id", "title", "files", "becomes", "extensions", "recognize", "companions", "open", "map"]
)
def test_missing_part_fails_at_import_and_is_named(package: Path, scan: Scan, part: str) -> None:
    write_format(package, "good")
    folder = write_format(package, "toy")
    lines = (folder / "declaration.py").read_text().splitlines(keepends=True)
    (folder / "declaration.py").write_text("".join(line for line in lines if f" {part}=" not in line))
    with pytest.raises(FormatDeclarationError, match=rf"The format in toys/toy has no `{part}`"):
        read_declaration("toys.toy")
    registry = scan()
    assert list(registry.formats) == ["good"]
    (sentence,) = registry.set_aside
    assert sentence.startswith(f"The format in toys/toy has no `{part}`")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            'open="reader:open_toy"',
            'open="gone:open_toy"',
            "names gone:open_toy as `open`, but has no gone.py",
        ),
        ('open="reader:open_toy"', 'open="reader:gone"', "that module has no function gone"),
        ('open="reader:open_toy"', 'open="reader.open_toy"', "which is not `module:function`"),
        ('id="toy"', 'id="My Toy"', "has the id “My Toy”"),
        ('extensions=("toy",)', 'extensions=("toy")', "`extensions` that are no tuple"),
        ('extensions=("toy",)', 'extensions=(".TOY",)', "`extensions` that are no tuple"),
        ("FORMATS = (", "OTHERS = (", "cannot be read: AttributeError"),
        ("FORMATS = (", "FORMATS = 5, (", "has no FORMATS, a tuple of Format"),
        ("FORMATS = (", "FORMATS = ((", "cannot be read: SyntaxError"),
        ("FORMATS = (", "import no_such_module\nFORMATS = (", "cannot be read: ModuleNotFoundError"),
        ("package=__package__", "package=__package__, colour=1", "cannot be read: TypeError"),
        ("FORMATS = (", "FORMATS = 1 / 0, (", "cannot be read: ZeroDivisionError"),
        ("FORMATS = (", "raise RuntimeError('no licence')\nFORMATS = (", "no licence"),
    ],
)
def test_broken_declaration_is_set_aside_with_its_folder(
    package: Path, scan: Scan, old: str, new: str, said: str
) -> None:
    write_format(package, "good")
    folder = write_format(package, "toy")
    text = (folder / "declaration.py").read_text()
    assert old in text
    (folder / "declaration.py").write_text(text.replace(old, new))
    registry = scan()
    assert list(registry.formats) == ["good"]
    (sentence,) = registry.set_aside
    assert "toys/toy" in sentence
    assert said in sentence


def test_folder_without_declaration_is_set_aside(package: Path, scan: Scan) -> None:
    folder = write_format(package, "toy")
    (folder / "declaration.py").unlink()
    (sentence,) = scan().set_aside
    assert "toys/toy" in sentence


def test_id_of_another_folder_is_refused_and_the_first_keeps_it(package: Path, scan: Scan) -> None:
    write_format(package, "aaa")
    folder = write_format(package, "bbb")
    (folder / "declaration.py").write_text(DECLARATION.format(name="aaa"))
    registry = scan()
    assert registry.formats["aaa"].folder == "toys/aaa"
    assert registry.set_aside == ("The format in toys/bbb has the id “aaa”, which toys/aaa has already.",)


def test_id_twice_in_one_folder_is_refused(package: Path, scan: Scan) -> None:
    write_format(package, "good")
    declaration = write_format(package, "toy") / "declaration.py"
    declaration.write_text(declaration.read_text() + "FORMATS += FORMATS\n")
    registry = scan()
    assert list(registry.formats) == ["good"]
    assert registry.set_aside == ("The format in toys/toy has the id “toy”, which toys/toy has already.",)


@pytest.mark.parametrize("fault", ["import no_such_module", "raise OSError('no driver')", "1 / 0"])
def test_part_that_cannot_be_imported_is_told_when_it_is_used(package: Path, scan: Scan, fault: str) -> None:
    folder = write_format(package, "toy")
    (folder / "mapping.py").write_text(f"{fault}\n\n\ndef map_toy(draft):\n    pass\n")
    form = scan().formats["toy"]
    with pytest.raises(
        FormatDeclarationError, match=r"toys/toy cannot load `map` \(mapping:map_toy\): \w+Error"
    ):
        form.load("map")


def test_no_folder_of_ours_is_set_aside() -> None:
    assert get_registry().set_aside == ()
    assert len(get_registry().formats) >= 10


def test_every_format_maps_an_empty_header() -> None:
    for identifier in get_registry().formats:
        assert map_vendor_header(identifier, {}, []).document is not None
