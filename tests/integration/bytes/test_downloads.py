"""Stored bytes on their way out: ranges, conditions, digests, and who may read the answer."""

import base64
import hashlib
import re
from io import BytesIO

import httpx
import numpy as np
import pytest

from tests.integration.bytes.conftest import UMLAUT, Published
from tests.integration.bytes.raw_tus import RawTus

ELSEWHERE = {"Origin": "https://elsewhere.example"}


@pytest.fixture
def raw(published: Published) -> tuple[str, bytes]:
    (path,) = [path for path in published.files if path.endswith(".raw")]
    return published.address(path), published.files[path]


def test_whole_file_names_its_digest(stranger: httpx.Client, raw: tuple[str, bytes]) -> None:
    address, content = raw
    answer = stranger.get(address)
    digest = hashlib.sha256(content)
    assert (answer.status_code, answer.content) == (200, content)
    assert answer.headers["ETag"] == f'"{digest.hexdigest()}"'
    assert answer.headers["Repr-Digest"] == f"sha-256=:{base64.b64encode(digest.digest()).decode()}:"
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable, s-maxage=0"


def test_every_file_of_the_version(stranger: httpx.Client, published: Published) -> None:
    for path, content in published.files.items():
        for address in (published.address(path), f"/api/v1/datasets/{published.id}/files/{path}"):
            answer = stranger.get(address)
            assert (answer.status_code, answer.content) == (200, content), path


@pytest.mark.parametrize(
    ("asked", "start", "stop"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=5-1004", 5, 1005),
        ("bytes=1000-", 1000, None),
        ("bytes=-1000", -1000, None),
        ("bytes=-999999999999", 0, None),
        ("bytes=70000-999999999999", 70_000, None),
        ("BYTES=5-6", 5, 7),
    ],
)
def test_single_range(
    stranger: httpx.Client, raw: tuple[str, bytes], asked: str, start: int, stop: int | None
) -> None:
    address, content = raw
    answer = stranger.get(address, headers={"Range": asked})
    first, end, _ = slice(start, stop).indices(len(content))
    assert (answer.status_code, answer.content) == (206, content[start:stop])
    assert answer.headers["Content-Range"] == f"bytes {first}-{end - 1}/{len(content)}"
    assert answer.headers["Content-Length"] == str(end - first)
    assert answer.headers["ETag"] == f'"{hashlib.sha256(content).hexdigest()}"'


@pytest.mark.parametrize(
    "asked", ["bytes=999999999-", "bytes=-0", f"bytes={'9' * 60}-", "bytes=999999999-9999999999"]
)
def test_range_beyond_the_end(stranger: httpx.Client, raw: tuple[str, bytes], asked: str) -> None:
    address, content = raw
    answer = stranger.get(address, headers={"Range": asked})
    assert (answer.status_code, answer.json()["code"]) == (416, "range_not_satisfiable")
    assert answer.headers["Content-Range"] == f"bytes */{len(content)}"


@pytest.mark.parametrize(
    "asked",
    ["bytes=5-2", "bytes=0-1,5-6", "bytes=-", "lines=1-2", "bytes=a-b", "bytes", "bytes=0-" + "9" * 6000],
)
def test_range_without_meaning_is_the_whole(
    stranger: httpx.Client, raw: tuple[str, bytes], asked: str
) -> None:
    address, content = raw
    answer = stranger.get(address, headers={"Range": asked})
    assert (answer.status_code, len(answer.content)) == (200, len(content))
    assert "Content-Range" not in answer.headers


def test_range_of_an_empty_file(http: httpx.Client, deposit: str, tus: RawTus) -> None:
    tus.store(deposit, "empty.dat", b"")
    address = f"/api/v1/deposits/{deposit}/files/empty.dat"
    assert http.get(address).content == b""
    assert http.get(address, headers={"Range": "bytes=0-"}).status_code == 416


def test_conditional_range(stranger: httpx.Client, raw: tuple[str, bytes]) -> None:
    address, content = raw
    etag = f'"{hashlib.sha256(content).hexdigest()}"'
    wanted = {"Range": "bytes=0-99"}
    assert stranger.get(address, headers={**wanted, "If-Range": etag}).status_code == 206
    for other in ('"another"', f"W/{etag}", "Sat, 21 Nov 2026 00:00:00 GMT"):
        answer = stranger.get(address, headers={**wanted, "If-Range": other})
        assert (answer.status_code, len(answer.content)) == (200, len(content)), other


def test_known_bytes_are_not_sent_again(stranger: httpx.Client, raw: tuple[str, bytes]) -> None:
    address, content = raw
    etag = f'"{hashlib.sha256(content).hexdigest()}"'
    for known in (etag, f'"x", {etag}', f"W/{etag}", "*"):
        answer = stranger.get(address, headers={"If-None-Match": known})
        assert (answer.status_code, answer.content, answer.headers["ETag"]) == (304, b"", etag), known
    assert stranger.get(address, headers={"If-None-Match": '"x"'}).status_code == 200
    both = stranger.get(address, headers={"If-None-Match": etag, "Range": "bytes=0-1"})
    assert both.status_code == 304


def test_head_is_get_without_a_body(stranger: httpx.Client, raw: tuple[str, bytes]) -> None:
    address, content = raw
    head, get = stranger.head(address), stranger.get(address)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["Content-Length"] == str(len(content))
    ignored = {"date"}
    assert {k: v for k, v in head.headers.items() if k not in ignored} == {
        k: v for k, v in get.headers.items() if k not in ignored
    }
    # RFC 9110, 14.2: a range is a matter of GET alone.
    assert stranger.head(address, headers={"Range": "bytes=0-1"}).status_code == 200
    assert stranger.head(address + ".none").status_code == 404


def test_other_pages_may_read_every_answer(stranger: httpx.Client, raw: tuple[str, bytes]) -> None:
    address, content = raw
    etag = f'"{hashlib.sha256(content).hexdigest()}"'
    asked: list[tuple[str, dict[str, str], int]] = [
        (address, {}, 200),
        (address, {"Range": "bytes=0-1"}, 206),
        (address, {"If-None-Match": etag}, 304),
        (address + ".none", {}, 404),
        (address, {"Range": "bytes=999999999-"}, 416),
    ]
    for target, headers, status in asked:
        answer = stranger.get(target, headers={**headers, **ELSEWHERE})
        assert answer.status_code == status
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert "Access-Control-Allow-Credentials" not in answer.headers
        exposed = {name.strip() for name in answer.headers["Access-Control-Expose-Headers"].split(",")}
        assert exposed >= {"ETag", "Content-Range", "Content-Length", "Repr-Digest", "Accept-Ranges"}


def test_uploaded_files_are_made_harmless(stranger: httpx.Client, published: Published) -> None:
    for path in published.files:
        headers = stranger.get(published.address(path)).headers
        assert headers["Content-Disposition"].startswith("attachment;")
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in headers["Content-Security-Policy"]
    assert stranger.get(published.address("evil.js")).headers["Content-Type"] == "application/octet-stream"
    name = stranger.get(published.address(f"sub/{UMLAUT}")).headers["Content-Disposition"]
    assert "filename*=UTF-8''%C3%9Cbersicht" in name


def test_drafts_are_private_and_never_kept(
    http: httpx.Client, stranger: httpx.Client, deposit: str, tus: RawTus
) -> None:
    tus.store(deposit, "a.bin", b"secret")
    address = f"/api/v1/deposits/{deposit}/files/a.bin"
    answer = http.get(address)
    assert (answer.content, answer.headers["Cache-Control"]) == (b"secret", "private, no-store")
    assert stranger.get(address).status_code in {401, 404}
    assert stranger.get(address, headers={"Authorization": "Token wrong"}).status_code == 401
    assert http.get(f"/api/v1/deposits/{deposit}/files/none.bin").status_code == 404


def test_reductions_and_previews(stranger: httpx.Client, published: Published) -> None:
    base = f"/api/v1/measurements/{published.measurement['id']}/reductions/"
    listed = stranger.get(base).json()
    recipes = sorted(set(re.findall(r'"url": ?"([^"]+)"', httpx.Response(200, json=listed).text)))
    assert recipes, listed
    arrays = [address for address in recipes if address.rstrip("/").endswith("/data")]
    pictures = [address for address in recipes if address.endswith("preview.png")]
    assert arrays, recipes
    assert pictures, recipes
    for address in arrays:
        answer = stranger.get(address)
        assert answer.headers["Content-Type"] == "application/x-npy"
        assert np.load(BytesIO(answer.content), allow_pickle=False).size
    answer = stranger.get(pictures[0])
    assert answer.headers["Content-Type"] == "image/png"
    assert answer.headers["Content-Disposition"].startswith("inline;")
    assert answer.content.startswith(b"\x89PNG")
    mean = next(address for address in arrays if "mean" in address)
    found = np.load(BytesIO(stranger.get(mean).content))
    np.testing.assert_allclose(found, published.patterns.mean(axis=(0, 1), dtype=np.float64), rtol=1e-5)
