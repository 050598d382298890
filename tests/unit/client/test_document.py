from pathlib import Path

import pytest

from stemma.depositing.document import load_document
from stemma.errors import UsageError


def load(tmp_path: Path, text: str, name: str = "meta.yaml") -> object:
    path = tmp_path / name
    path.write_bytes(text.encode())
    return load_document(path)


def test_values_are_read_as_written(tmp_path: Path) -> None:
    text = """
dataset: {title: "MoS₂", license: CC-BY-4.0}
defaults:
  acquired_at: 2024-05-01T10:00:00+02:00
  scan_step: {value: 2e-2, unit: nm}
  probe_current: {value: 1E1, unit: pA}
  energy_offset: -.5
measurements:
  "*.xml": {frames: 12}
"""
    assert load(tmp_path, text) == {
        "dataset": {"title": "MoS₂", "license": "CC-BY-4.0"},
        "defaults": {
            "acquired_at": "2024-05-01T10:00:00+02:00",
            "scan_step": {"value": 0.02, "unit": "nm"},
            "probe_current": {"value": 10.0, "unit": "pA"},
            "energy_offset": -0.5,
        },
        "measurements": {"*.xml": {"frames": 12}},
    }


def test_integers_are_those_of_laboratories(tmp_path: Path) -> None:
    """YAML 1.1 reads 12:30 as 750 and 0123 as 83."""
    text = "a: 12:30\nb: 0123\nc: -5\nd: 1_000\ne: 0x1f\nf: 20-22\n"
    assert load(tmp_path, text) == {"a": "12:30", "b": 123, "c": -5, "d": 1000, "e": 31, "f": "20-22"}


def test_anchors_and_merges_work(tmp_path: Path) -> None:
    text = "defaults: &d {a: 1}\nmeasurements: {x: {<<: *d, b: 2}}"
    assert load(tmp_path, text) == {"defaults": {"a": 1}, "measurements": {"x": {"a": 1, "b": 2}}}


@pytest.mark.parametrize(
    ("text", "name", "said"),
    [
        ("a: [1", "m.yaml", "line 1, column 6"),
        ("a: 1\nb: 2\na: 3\n", "m.yml", "line 3, column 1: the key 'a' is there twice"),
        ("defaults:\n  defocus: .nan\n", "m.yaml", "line 2, column 12: .nan is not a value"),
        ('{"a": 1,}', "m.json", "line 1, column 9"),
        ('{"a": NaN}', "m.json", "NaN is not a value"),
        ('{"a": 1e999}', "m.json", "1e999 is not a value"),
        (f'{{"a": {"9" * 5000}}}', "m.json", "999… is too long for a number"),
        (f"a: {'9' * 5000}", "m.yaml", "line 1, column 4: 99999999999999999999… is too long for a number"),
        ("- 1\n", "m.yaml", "holds list, not a mapping"),
        ("", "m.yaml", "holds nothing"),
        ("a: !!python/object:os.system {}", "m.yaml", "could not determine a constructor"),
    ],
)
def test_faults_name_the_place(tmp_path: Path, text: str, name: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        load(tmp_path, text, name)
    assert said in str(caught.value)


def test_missing_file_and_wrong_encoding(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        load_document(tmp_path / "none.yaml")
    (tmp_path / "latin.yaml").write_bytes("title: Mü".encode("latin-1"))
    with pytest.raises(UsageError, match="not UTF-8"):
        load_document(tmp_path / "latin.yaml")
