"""Every real file through the whole house, by the command: what the committed list says comes out of it."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.client.conftest import Shell
from tests.real_files import ASKS, COMPANION, OPENED, REFUSED, STORED, RealFile, read_list
from tests.realdata import need_realdata

pytestmark = [pytest.mark.stack, pytest.mark.long, pytest.mark.timeout(3600)]
READ = {"converted", "opened"}
LEFT_OUT = "left out"
"""What systems write beside files, such as `Desktop.ini`, which the command does not send."""


def describe(signals: list[dict[str, Any]]) -> str:
    """Return the arrays of a measurement as the list writes them."""
    return "; ".join(f"{one['name']} {' × '.join(map(str, one['shape']))} {one['dtype']}" for one in signals)


def find_outcome(path: str, record: dict[str, Any]) -> RealFile:
    """Return what became of a file, in the words of the list."""
    file = next((one for one in record["files"] if one["path"] == path), None)
    if file is None:
        return RealFile(path, "", LEFT_OUT, "")
    measurement = next((one for one in record["measurements"] if one["path"] == path), None)
    if measurement is not None:
        found = {finding["code"] for finding in measurement["findings"]}
        outcome = OPENED if measurement["state"] in READ else REFUSED
        said = describe(measurement["signals"]) if outcome == OPENED else ", ".join(sorted(found))
        return RealFile(path, measurement["format"], outcome, said)
    owner = next((one for one in record["measurements"] if path in one["files"]), None)
    if owner is not None:
        return RealFile(path, file["format"], COMPANION, owner["path"].rpartition("/")[2])
    return RealFile(path, file["format"], STORED, file["label"])


def test_every_real_file_goes_through_the_whole_house(shell: Shell, tmp_path: Path) -> None:
    root = need_realdata()
    folder = tmp_path / "realdata"
    folder.symlink_to(root)
    done = shell.run_json("deposit", folder, "--new", seconds=1500)
    wrong = {}
    for row in read_list():
        found = find_outcome(row.path, done)
        if row.outcome == REFUSED:
            is_same = found.outcome == REFUSED and row.said in found.said
        elif row.outcome in {OPENED, ASKS}:
            is_same = (found.outcome, found.said) == (OPENED, row.said)
        else:
            is_same = (found.outcome, found.said) == (row.outcome, row.said)
        if found.outcome == LEFT_OUT:
            is_same = row.path.rpartition("/")[2].casefold() == "desktop.ini"
        elif not is_same or (row.format and found.format != row.format):
            wrong[row.path] = (row, found)
    assert wrong == {}, Counter(found.outcome for _, found in wrong.values())
