"""Bad input gets a finding that says what, where, why and what to do; it loses nothing and stops nothing."""

import hashlib
import re
from typing import Any

import httpx
import numpy as np
import pytest
import zarr

from tests.integration.bad_input.conftest import Deposit, Record
from tests.integration.bad_input.damaged_files import COUNTS, EMPAD, FRACTIONS, SCAN, WHOLE
from tests.patience import wait_until

RAW = f"scan_x{SCAN[1]}_y{SCAN[0]}.raw"
PRIMARY = {"empad": "scan.xml"}
INTERNALS = re.compile(
    r"/(?:tmp|usr|home|root|work|var|proc|opt)/|\b\w+(?:Error|Exception)\b|0x[0-9a-f]{6}|\bErrno\b"
)
TRUNCATED = [(kind, percent) for kind in WHOLE for percent in FRACTIONS]


def require_finding(deposit: Deposit, path: str, code: str, severity: str = "error") -> Record:
    """Return the finding with this code; it must say what and where, why, and what to do."""
    found = deposit.findings(path)
    matching = [finding for finding in found if finding["code"] == code]
    assert matching, f"{path}: no {code} in {found}"
    finding = matching[0]
    assert finding["severity"] == severity
    assert len(finding["message"]) > 20
    assert len(finding["hint"]) > 20
    return finding


def test_deposit_asks_for_attention_and_the_service_is_up(damaged: Deposit, http: httpx.Client) -> None:
    assert damaged.record["state"] == "needs_attention"
    wait_until(lambda: http.get("/readyz").status_code == 200, "it is not ready")


def test_every_byte_is_kept(damaged: Deposit, http: httpx.Client) -> None:
    local = {
        str(path.relative_to(damaged.folder)): path for path in damaged.folder.rglob("*") if path.is_file()
    }
    assert {file["path"] for file in damaged.record["files"]} == set(local)
    for file in damaged.record["files"]:
        assert file["state"] == "stored"
        content = http.get(file["url"]).content
        assert content == local[file["path"]].read_bytes()
        assert file["sha256"] == hashlib.sha256(content).hexdigest()


def test_no_finding_is_said_twice_and_none_without_reason(damaged: Deposit) -> None:
    for part in (*damaged.record["files"], *damaged.record["measurements"]):
        said = [(finding["code"], finding["message"], finding["pointer"]) for finding in part["findings"]]
        assert len(said) == len(set(said)), part["path"]
        for finding in part["findings"]:
            assert finding["message"]
            assert finding["hint"] or finding["severity"] == "info", finding
            assert "/objects/" not in finding["message"] + finding["hint"]
            assert "Traceback" not in finding["message"]
            assert not INTERNALS.search(finding["message"] + finding["hint"]), finding


@pytest.mark.parametrize(
    ("path", "truth"),
    [
        ("good_empad/scan.xml", EMPAD),
        ("good_mib/scan.mib", COUNTS),
        ("good_hspy/scan.hspy", COUNTS),
        ("good_blockfile/scan.blo", np.minimum(COUNTS, 255)),
    ],
)
def test_good_measurements_beside_are_converted(
    damaged: Deposit, live_stack: Any, path: str, truth: Any
) -> None:
    measurement = damaged.measurement(path)
    assert measurement is not None
    assert measurement["state"] == "converted"
    headers = {"Authorization": f"Token {live_stack.credentials.token}"}
    address = measurement["signals"][0]["zarr"].rstrip("/")
    array = zarr.open_array(address, mode="r", storage_options={"headers": headers})
    np.testing.assert_array_equal(array[:], truth)


@pytest.mark.parametrize(("kind", "percent"), TRUNCATED)
def test_truncated_file_says_how_much_is_missing(damaged: Deposit, kind: str, percent: int) -> None:
    broken = WHOLE[kind][1]
    path = f"{kind}_{percent}/{PRIMARY.get(kind, broken)}"
    finding = require_finding(damaged, path, "file_truncated")
    assert broken in finding["message"]
    assert any(character.isdigit() for character in finding["message"])
    measurement = damaged.measurement(path)
    assert measurement is not None
    assert measurement["state"] == "failed"


@pytest.mark.parametrize(
    ("path", "code", "severity"),
    [
        ("empty/nothing.dm4", "file_empty", "warning"),
        ("html/page.dm3", "content_is_not_extension", "warning"),
        ("absolute_xml/scan.xml", "path_inside_file", "error"),
        ("external_link/scan.hspy", "hdf5_external_link", "error"),
        ("external_storage/scan.hspy", "hdf5_external_storage", "error"),
        ("claim/scan.hspy", "declared_size_implausible", "error"),
        ("xml_alone/scan.xml", "companion_missing", "error"),
        ("mib_alone/alone.mib", "scan_shape_missing", "error"),
        ("raw_alone/alone.raw", "raw_data_not_read", "warning"),
        (f"raw_alone/{RAW}", "scan_shape_guessed", "warning"),
        ("unknown/stage.xyz", "stored_not_read", "info"),
        ("unknown/notes.txt", "stored_not_read", "info"),
    ],
)
def test_each_fault_has_its_finding(damaged: Deposit, path: str, code: str, severity: str) -> None:
    require_finding(damaged, path, code, severity)


def test_missing_companion_is_said_once(damaged: Deposit) -> None:
    said = [finding["code"] for finding in damaged.findings("xml_alone/scan.xml")]
    assert said.count("companion_missing") == 1


def test_questions_are_asked_of_a_file_without_any_header(damaged: Deposit) -> None:
    measurement = damaged.measurement("bare/scan.emd")
    assert measurement is not None
    asked = {entry["path"] for entry in measurement["requirements"] if entry["state"] == "missing"}
    assert {"technique", "sample.name"} <= asked


def test_findings_say_what_they_are_about(damaged: Deposit) -> None:
    assert (
        "HTML" in require_finding(damaged, "html/page.dm3", "content_is_not_extension", "warning")["message"]
    )
    claim = require_finding(damaged, "claim/scan.hspy", "declared_size_implausible")
    assert str(10**12) in claim["message"]
    assert damaged.file("claim/scan.hspy")["size"] < 64 << 10
    assert RAW in require_finding(damaged, "xml_alone/scan.xml", "companion_missing")["message"]
    assert damaged.file("raw_alone/alone.raw")["format"] in {"", None}
    assert "scan shape" in require_finding(damaged, "mib_alone/alone.mib", "scan_shape_missing")["hint"]
    assert (
        "its name" in require_finding(damaged, f"raw_alone/{RAW}", "scan_shape_guessed", "warning")["message"]
    )
    for path in ("external_link/scan.hspy", "external_storage/scan.hspy", "absolute_xml/scan.xml"):
        assert "/etc" not in str(damaged.findings(path))


def test_same_file_twice_is_named_once(damaged: Deposit) -> None:
    """The same bytes are kept under both names; the finding names the other one."""
    copies = {"twice/copy of scan.dm4", "twice/scan.dm4", "good_dm4/scan.dm4"}
    told = {
        path
        for path in copies
        for finding in damaged.file(path)["findings"]
        if finding["code"] == "duplicate_content"
    }
    assert len(told) == len(copies) - 1
    assert len({damaged.file(path)["sha256"] for path in copies}) == 1
