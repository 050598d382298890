"""tus 1.0.0 as the server speaks it: every answer of the protocol and of its extensions."""

import email.utils
import threading
import time
from typing import Any

import httpx
import numpy as np
import pytest

from tests.integration.bytes.raw_tus import (
    UPLOADS,
    VERSION,
    RawTus,
    checksum_of,
    encode_metadata,
    reset,
    sha256_of,
    wait_for_bytes,
)
from tests.patience import patient

CONTENT = np.random.default_rng(1).bytes(300_000)


def test_protocol_is_described_without_a_version(stranger: httpx.Client) -> None:
    answer = stranger.options(UPLOADS)
    assert answer.status_code == 204
    assert answer.headers["Tus-Version"] == "1.0.0"
    assert set(answer.headers["Tus-Extension"].split(",")) >= {
        "creation",
        "termination",
        "checksum",
        "expiration",
    }
    assert "sha256" in answer.headers["Tus-Checksum-Algorithm"].split(",")
    assert int(answer.headers["Tus-Max-Size"]) > 2**40


def test_upload_in_chunks(tus: RawTus, deposit: str) -> None:
    address = tus.start(len(CONTENT), deposit=deposit, path="a.bin", sha256=sha256_of(CONTENT))
    assert tus.offset(address) == 0
    for start in range(0, len(CONTENT), 70_000):
        answer = tus.patch(address, start, CONTENT[start : start + 70_000])
        assert answer.status_code == 204
        assert int(answer.headers["Upload-Offset"]) == min(start + 70_000, len(CONTENT))
    file = tus.file(deposit, "a.bin")
    assert (file["state"], file["sha256"], file["size"]) == ("stored", sha256_of(CONTENT), len(CONTENT))
    assert tus.offset(address) == len(CONTENT)  # an answer that got lost can be asked again
    assert tus.http.get(f"/api/v1/deposits/{deposit}/files/a.bin").content == CONTENT


def test_expiration_is_named_in_every_answer(tus: RawTus, deposit: str) -> None:
    created = tus.create(10, deposit=deposit, path="a.bin")
    answers = [
        created,
        tus.head(created.headers["Location"]),
        tus.patch(created.headers["Location"], 0, b"1"),
    ]
    for answer in answers:
        expires = email.utils.parsedate_to_datetime(answer.headers["Upload-Expires"]).timestamp()
        assert time.time() + 6 * 86_400 < expires < time.time() + 8 * 86_400
        assert answer.headers["Tus-Resumable"] == "1.0.0"
        assert answer.headers["Cache-Control"] == "private, no-store"


def test_wrong_offset_is_a_conflict_that_names_the_right_one(tus: RawTus, deposit: str) -> None:
    address = tus.start(len(CONTENT), deposit=deposit, path="a.bin")
    tus.patch(address, 0, CONTENT[:1000])
    for wrong in (0, 999, 1001, len(CONTENT)):
        answer = tus.patch(address, wrong, CONTENT[wrong : wrong + 10] or b"x")
        assert answer.status_code == 409
        assert answer.headers["Upload-Offset"] == "1000"
        assert answer.json()["code"] == "offset_conflict"
    assert tus.offset(address) == 1000


def test_second_writer_is_locked_out(tus: RawTus, deposit: str, live_stack: Any) -> None:
    content = CONTENT * 12
    address = tus.start(len(content), deposit=deposit, path="a.bin")
    first = tus.begin_patch(address, 0, len(content))
    first.sendall(content[:2_500_000])
    wait_for_bytes(live_stack.home.root, address, 1 << 20)
    answer = tus.patch(address, 0, content)
    assert (answer.status_code, answer.json()["code"]) == (423, "upload_locked")
    assert answer.headers["Retry-After"]
    reset(first)
    offset = tus.offset(address)
    assert tus.patch(address, offset, content[offset:]).status_code == 204
    assert tus.file(deposit, "a.bin")["sha256"] == sha256_of(content)


@pytest.mark.parametrize("algorithm", ["sha256", "sha1", "md5"])
def test_checked_chunks(tus: RawTus, deposit: str, algorithm: str) -> None:
    address = tus.start(len(CONTENT), deposit=deposit, path="a.bin", sha256=sha256_of(CONTENT))
    first, second = CONTENT[:200_000], CONTENT[200_000:]
    assert tus.patch(address, 0, first, checksum_of(first, algorithm)).status_code == 204
    damaged = tus.patch(address, len(first), second[::-1], checksum_of(second, algorithm))
    assert damaged.status_code == 460
    assert damaged.json()["code"] == "checksum_mismatch"
    assert damaged.json()["status"] == 460
    assert tus.offset(address) == len(first)  # nothing of it was kept
    assert tus.patch(address, len(first), second, checksum_of(second, algorithm)).status_code == 204
    assert tus.file(deposit, "a.bin")["sha256"] == sha256_of(CONTENT)


@pytest.mark.parametrize("header", ["crc32 AAAA", "sha256 ???", "sha256"])
def test_unusable_checksum_is_refused(tus: RawTus, deposit: str, header: str) -> None:
    address = tus.start(10, deposit=deposit, path="a.bin")
    answer = tus.patch(address, 0, b"0123456789", {"Upload-Checksum": header})
    assert answer.status_code in {400, 422, 460}
    assert tus.offset(address) == 0


def test_termination(tus: RawTus, deposit: str) -> None:
    address = tus.start(len(CONTENT), deposit=deposit, path="a.bin")
    tus.patch(address, 0, CONTENT[:1000])
    assert tus.delete(address).status_code == 204
    assert tus.head(address).status_code in {404, 410}
    assert tus.patch(address, 1000, CONTENT[1000:]).status_code in {404, 410}
    assert tus.delete(address).status_code in {404, 410}
    assert tus.http.get(f"/api/v1/deposits/{deposit}/").json()["files"] == []


def test_missing_version_is_refused_with_the_right_one(tus: RawTus, deposit: str) -> None:
    address = tus.start(10, deposit=deposit, path="a.bin")
    for method, target in (("POST", UPLOADS), ("HEAD", address), ("PATCH", address), ("DELETE", address)):
        answer = tus.http.request(method, target)
        assert (answer.status_code, answer.headers["Tus-Version"]) == (412, "1.0.0"), method
    assert tus.http.head(address, headers={"Tus-Resumable": "0.2.2"}).status_code == 412


def test_wrong_content_type_is_refused(tus: RawTus, deposit: str) -> None:
    address = tus.start(10, deposit=deposit, path="a.bin")
    answer = tus.patch(address, 0, b"0123456789", {"Content-Type": "application/octet-stream"})
    assert answer.status_code == 415
    assert tus.offset(address) == 0


def test_oversize_is_refused_before_a_byte(tus: RawTus, deposit: str) -> None:
    limit = int(tus.http.options(UPLOADS).headers["Tus-Max-Size"])
    answer = tus.create(limit + 1, deposit=deposit, path="a.bin")
    assert (answer.status_code, answer.json()["code"]) == (413, "file_too_large")
    assert answer.json()["hint"]
    assert answer.headers["Tus-Resumable"] == "1.0.0"


def test_quota_is_refused_before_a_byte(tus: RawTus, deposit: str) -> None:
    limit = int(tus.http.options(UPLOADS).headers["Tus-Max-Size"])
    answer = tus.create(
        limit, deposit=deposit, path="a.bin"
    )  # a file may be as large as an account's quota twice
    assert (answer.status_code, answer.json()["code"]) == (413, "quota_exceeded"), (
        "before the disk is looked at"
    )
    assert tus.create(10, deposit=deposit, path="small.bin").status_code == 201


@pytest.mark.parametrize("is_announced", [True, False])
def test_more_than_promised_is_refused(tus: RawTus, deposit: str, is_announced: bool) -> None:
    address = tus.start(1000, deposit=deposit, path="a.bin")
    tus.patch(address, 0, b"x" * 400)
    body = b"y" * 601 if is_announced else iter([b"y" * 300, b"y" * 301])
    answer = tus.patch(address, 400, body)
    assert (answer.status_code, answer.json()["code"]) == (413, "more_than_promised")
    assert tus.offset(address) == 400
    assert tus.patch(address, 400, b"y" * 600).status_code == 204
    assert tus.file(deposit, "a.bin")["sha256"] == sha256_of(b"x" * 400 + b"y" * 600)


def test_wrong_bytes_are_quarantined_and_can_be_sent_again(tus: RawTus, deposit: str) -> None:
    damaged = b"\0" + CONTENT[1:]
    address = tus.start(len(CONTENT), deposit=deposit, path="a.bin", sha256=sha256_of(CONTENT))
    answer = tus.patch(address, 0, damaged)
    assert (answer.status_code, answer.json()["code"]) == (422, "digest_mismatch")
    assert tus.head(address).status_code == 422  # also where the first answer got lost
    file = tus.file(deposit, "a.bin")
    assert file["state"] == "quarantined"
    (finding,) = file["findings"]
    assert (finding["severity"], finding["code"]) == ("error", "digest_mismatch")
    assert sha256_of(damaged) in finding["message"]
    assert sha256_of(CONTENT) in finding["message"]
    assert tus.http.get(f"/api/v1/deposits/{deposit}/files/a.bin").content == damaged  # nothing is lost
    tus.store(deposit, "a.bin", CONTENT)
    file = tus.file(deposit, "a.bin")
    assert (file["state"], file["findings"]) == ("stored", [])


def test_same_file_again_is_answered_without_bytes(tus: RawTus, deposit: str) -> None:
    tus.store(deposit, "a.bin", CONTENT)
    again = tus.create(len(CONTENT), deposit=deposit, path="a.bin", sha256=sha256_of(CONTENT))
    assert (again.status_code, again.headers["Stemma-Already-Stored"]) == (200, "true")
    other = tus.create(5, deposit=deposit, path="a.bin", sha256=sha256_of(b"other"))
    assert (other.status_code, other.json()["code"]) == (409, "path_taken")


def test_same_promise_again_continues(tus: RawTus, deposit: str) -> None:
    address = tus.start(len(CONTENT), deposit=deposit, path="a.bin")
    tus.patch(address, 0, CONTENT[:5000])
    again = tus.create(len(CONTENT), deposit=deposit, path="a.bin")
    assert (again.headers["Location"], again.headers["Upload-Offset"]) == (address, "5000")


def test_same_promise_of_a_file_that_has_arrived_finishes_it(
    tus: RawTus, deposit: str, live_stack: Any
) -> None:
    """What came whole while the store was away has no chunk left that would bring it to its end."""
    address = tus.start(len(CONTENT), deposit=deposit, path="a.bin", sha256=sha256_of(CONTENT))
    tus.patch(address, 0, CONTENT[:-1])
    upload = live_stack.home.root / "uploads" / address.rstrip("/").rpartition("/")[2]
    with upload.open("ab") as file:
        file.write(CONTENT[-1:])
    again = tus.create(len(CONTENT), deposit=deposit, path="a.bin", sha256=sha256_of(CONTENT))
    assert again.headers["Upload-Offset"] == str(len(CONTENT))
    file_now = tus.file(deposit, "a.bin")
    assert (file_now["state"], file_now["sha256"]) == ("stored", sha256_of(CONTENT))


def test_empty_file(tus: RawTus, deposit: str) -> None:
    address = tus.start(0, deposit=deposit, path="empty.bin")
    file = tus.file(deposit, "empty.bin")
    assert (file["state"], file["sha256"]) == ("stored", sha256_of(b""))
    assert tus.offset(address) == 0


@pytest.mark.parametrize(
    ("length", "metadata"),
    [
        ("", None),
        ("-1", None),
        ("ten", None),
        ("9" * 40, None),
        ("10", "path ???"),
        ("10", "path"),
        ("10", encode_metadata(path="a.bin")),
        ("10", encode_metadata(path="a.bin", deposit="no-such")),
        ("10", encode_metadata(path="a.bin", sha256="abc")),
    ],
)
def test_unusable_promise_is_refused(tus: RawTus, deposit: str, length: str, metadata: str | None) -> None:
    said = encode_metadata(deposit=deposit, path="a.bin") if metadata is None else metadata
    answer = tus.http.post(UPLOADS, headers={**VERSION, "Upload-Length": length, "Upload-Metadata": said})
    assert 400 <= answer.status_code < 500
    assert answer.json()["code"]


def test_two_creations_at_once_make_one_upload(tus: RawTus, deposit: str) -> None:
    answers: list[httpx.Response] = []

    def create() -> None:
        answers.append(tus.create(1000, deposit=deposit, path="a.bin"))

    threads = [threading.Thread(target=create) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.headers["Location"] for answer in answers}) == 1


def test_strangers_see_no_upload(tus: RawTus, deposit: str, stranger: httpx.Client) -> None:
    address = tus.start(1000, deposit=deposit, path="a.bin")
    other = RawTus(stranger)
    assert other.head(address).status_code in {401, 404}
    assert other.patch(address, 0, b"x" * 1000).status_code in {401, 404}
    assert other.delete(address).status_code in {401, 404}
    assert other.create(10, deposit=deposit, path="b.bin").status_code in {401, 404}
    stranger.headers["Authorization"] = "Token wrong"
    assert other.head(address).status_code == 401
    assert tus.offset(address) == 0


def test_another_promise_for_a_running_upload_is_told_and_ends_nothing(
    tus: RawTus, deposit: str, live_stack: Any
) -> None:
    content = CONTENT * 12
    address = tus.start(len(content), deposit=deposit, path="a.bin", sha256=sha256_of(content))
    running = tus.begin_patch(address, 0, len(content))
    running.sendall(content[:2_500_000])
    wait_for_bytes(live_stack.home.root, address, 1 << 20)
    answer = tus.create(5, deposit=deposit, path="a.bin", sha256=sha256_of(b"other"))
    problem = answer.json()
    assert (answer.status_code, problem["code"], problem["pointer"]) == (409, "upload_running", "/path")
    assert address.rstrip("/").endswith(problem["upload"])
    assert "a.bin" in problem["detail"]
    running.sendall(content[2_500_000:])
    running.settimeout(patient(60))
    assert running.recv(4096).startswith(b"HTTP/1.1 204")
    running.close()
    assert tus.file(deposit, "a.bin")["sha256"] == sha256_of(content)


def test_a_running_upload_is_replaced_where_that_is_said(tus: RawTus, deposit: str) -> None:
    first = tus.start(len(CONTENT), deposit=deposit, path="a.bin", sha256=sha256_of(CONTENT))
    tus.patch(first, 0, CONTENT[:1000])
    promise = {"deposit": deposit, "path": "a.bin", "sha256": sha256_of(b"other")}
    running = tus.create(5, **promise).json()["upload"]
    answer = tus.create(5, **promise, replace=running)
    assert answer.status_code == 201
    assert tus.head(first).status_code in {404, 410}
    assert tus.patch(answer.headers["Location"], 0, b"other").status_code == 204
    file = tus.file(deposit, "a.bin")
    assert (file["state"], [one["code"] for one in file["findings"]]) == ("stored", ["upload_replaced"])
