"""Programs get no damaged bytes, and the operator finds, names and takes back what was damaged."""

import hashlib
import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from confined.input_checks import InputCheck, InputDamagedError, locate_inputs
from confined.runs import run_over_files
from confined.sandbox import SandboxError
from repository.errors import TransientError
from repository.models import ArrayObject, Job, StoredObject
from repository.services.fixity import check_object
from tests.deposits import make_published, make_ready, publish
from tests.factories import store_bytes
from tests.integration.fixity.objects import locate, rot, row

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stemma_home")]


def test_no_program_is_given_what_is_known_to_be_damaged(witness: str) -> None:
    sha256, _ = store_bytes(b"counts of a detector")
    rot(sha256)
    check_object(sha256)
    with pytest.raises(InputDamagedError) as caught:
        locate_inputs({"sub/scan.raw": sha256})
    finding = caught.value.finding
    assert (finding.severity, finding.code) == ("error", "damaged_file")
    assert "sub/scan.raw" in finding.message
    assert isinstance(caught.value, SandboxError)


@pytest.mark.parametrize("is_gone", [True, False])
def test_a_file_that_is_gone_or_cut_off_is_found_before_a_program_reads_it(
    witness: str, is_gone: bool
) -> None:
    sha256, _ = store_bytes(b"counts of a detector")
    locate(sha256).chmod(0o644)
    locate(sha256).unlink() if is_gone else locate(sha256).write_bytes(b"counts")
    with pytest.raises(InputDamagedError):
        locate_inputs({"scan.raw": sha256})
    assert row(sha256).damaged_at is not None


def test_what_a_program_made_of_damaged_bytes_is_not_taken(witness: str) -> None:
    sha256, _ = store_bytes(b"counts of a detector")
    rot(sha256)
    digests = {"scan.raw": sha256}
    with InputCheck(locate_inputs(digests), digests) as check, pytest.raises(InputDamagedError):
        check.require_whole()
    assert row(sha256).damaged_at is not None


def test_good_bytes_pass_and_a_damaged_copy_is_only_tried_again(witness: str, tmp_path: Path) -> None:
    sha256, _ = store_bytes(b"counts of a detector")
    digests = {"scan.raw": sha256}
    with InputCheck(locate_inputs(digests), digests) as check:
        check.require_whole()
    copy = tmp_path / "copy"
    copy.write_bytes(b"counts of a detectoR")
    with InputCheck({"scan.raw": copy}, digests) as check, pytest.raises(TransientError, match="copy"):
        check.require_whole()
    assert row(sha256).damaged_at is None


def test_conversions_and_reductions_check_and_a_quick_look_does_not(
    witness: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from confined import runs

    sha256, _ = store_bytes(b"counts of a detector")
    rot(sha256)
    monkeypatch.setattr(runs, "run_confined", lambda **_: {"made": "of whatever was read"})

    def run(*, checks_inputs: bool) -> dict[str, Any]:
        return run_over_files(
            program="any",
            request={},
            digests={"scan.raw": sha256},
            output=tmp_path,
            on_message=lambda _: None,
            checks_inputs=checks_inputs,
        )

    assert run(checks_inputs=False) == {"made": "of whatever was read"}
    with pytest.raises(InputDamagedError):
        run(checks_inputs=True)


# The operator's verbs.


def verify(*words: str) -> tuple[int, dict[str, Any]]:
    output = StringIO()
    try:
        call_command("verify", *words, "--json", stdout=output)
    except SystemExit as ending:
        return int(str(ending.code)), json.loads(output.getvalue())
    return 0, json.loads(output.getvalue())


def test_verify_finds_names_and_takes_back(witness: str) -> None:
    version = make_published()
    file = version.files.get()
    content = locate(file.sha256).read_bytes()
    assert verify("--all") == (0, {"checked": StoredObject.objects.count(), "damaged": [], "unread": []})
    rot(file.sha256)
    assert verify("--list") == (0, {"checked": 0, "damaged": [], "unread": []}), "nobody has looked yet"
    code, told = verify("--all")
    assert (code, [item["sha256"] for item in told["damaged"]]) == (1, [file.sha256])
    assert f"scan.raw of {version.dataset_id} version 1" in told["damaged"][0]["places"]
    assert verify("--damaged")[1]["checked"] == 1
    locate(file.sha256).write_bytes(content)
    assert verify("--list")[0] == 1, "nothing was read"
    assert verify(file.sha256) == (0, {"checked": 1, "damaged": [], "unread": []})
    assert hashlib.sha256(locate(file.sha256).read_bytes()).hexdigest() == file.sha256


@pytest.mark.parametrize("words", [[], ["--all", "--damaged"], ["abc"], ["--list", "a" * 64]])
def test_verify_says_what_it_wants(words: list[str]) -> None:
    with pytest.raises(CommandError, match="SHA-256"):
        call_command("verify", *words)


def test_reconvert_takes_drafts_and_leaves_what_is_published(witness: str) -> None:
    draft, former, _ = make_ready(), make_ready(), make_ready()  # the third has arrays as they are made today
    unsealed, size = store_bytes(b"an array without checksums")
    old = ArrayObject.objects.filter(signal__measurement__deposit__in=[draft, former], kind="primary")
    old.filter(key="zarr.json").update(sha256=unsealed, size=size)
    version = publish(former)
    output = StringIO()
    call_command("reconvert", stdout=output)
    job = Job.objects.get(kind="convert_measurement")
    assert job.deposit_id == draft.pk
    draft.refresh_from_db()
    assert draft.state == "processing"
    assert "1 measurement of a draft" in output.getvalue()
    assert "1 published measurement stays as it is" in output.getvalue()
    frozen = version.measurements.get().measurement
    assert ArrayObject.objects.filter(signal__measurement=frozen).exists()
