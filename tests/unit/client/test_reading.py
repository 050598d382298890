"""Records and arrays through the Python interface: a real Zarr v3 array served by a fake server."""

import hashlib
import json
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import xarray
import zarr

import stemma
from tests.patience import patient
from tests.unit.client.fake_server import FakeServer, refuse, send_range

SHAPE = (6, 5, 8, 7)
AXES = [
    {"name": "scan_y", "size": 6, "unit": "nm", "scale": 0.5, "offset": 1.0},
    {"name": "scan_x", "size": 5, "unit": "nm", "scale": 0.5, "offset": 0.0},
    {"name": "detector_y", "size": 8, "unit": "mrad", "scale": 2.0, "offset": -8.0},
    {"name": "detector_x", "size": 7, "unit": None, "scale": None, "offset": 0.0},
]


@pytest.fixture
def values() -> np.ndarray[Any, Any]:
    return np.arange(np.prod(SHAPE), dtype=np.uint16).reshape(SHAPE) % 997


@pytest.fixture
def served(server: FakeServer, values: np.ndarray[Any, Any], tmp_path: Path) -> FakeServer:
    array = zarr.create_array(
        tmp_path / "a", shape=SHAPE, dtype="uint16", chunks=(1, 1, 8, 7), shards=(3, 5, 8, 7), fill_value=0
    )
    array[...] = values
    root = "/api/v1/measurements/mmmm-0001/signals/data/zarr"
    for path in (tmp_path / "a").rglob("*"):
        if path.is_file():
            key = path.relative_to(tmp_path / "a").as_posix()
            server.extra[f"{root}/{key}"] = partial(send_range, content=path.read_bytes())
    signal = {"name": "data", "shape": SHAPE, "dtype": "uint16", "axes": AXES, "zarr": server.url + root}
    measurement = {
        "id": "mmmm-0001",
        "dataset": "dddd-0001",
        "format": "empad",
        "techniques": ["four_d_stem"],
        "metadata": {"acceleration_voltage": {"value": 80, "unit": "kV"}},
        "signals": [signal],
        "findings": [],
    }
    dataset = {
        "id": "dddd-0001",
        "state": "published",
        "doi": "10.5072/dddd-0001",
        "title": "MoS<2>",
        "files": [],
    }
    answer(server, "/api/v1/datasets/dddd-0001/", {**dataset, "measurements": [measurement]})
    answer(server, "/api/v1/measurements/mmmm-0001/", measurement)
    return server


def answer(server: FakeServer, path: str, body: Any) -> None:
    server.extra[path] = lambda request: httpx.Response(200, json=body, request=request)


@pytest.fixture
def client(served: FakeServer) -> Iterator[stemma.Client]:
    with stemma.connect(served.url, "secret", transport=served, retry_seconds=patient(1)) as client:
        yield client


@pytest.mark.parametrize(
    "key",
    [
        (0, 0),
        (-1, slice(None, None, -2)),
        (Ellipsis, 3),
        (2, 3, 4, 5),
        (slice(1, 5, 3), slice(None), slice(2, 4), slice(None)),
        (None, 0),
        (slice(4, 4),),
        ([5, 0, 0],),
        (slice(None), slice(None), np.arange(8) % 2 == 0),
        Ellipsis,
    ],
)
def test_parts_are_numpys(client: stemma.Client, values: np.ndarray[Any, Any], key: Any) -> None:
    signal = client.open("dddd-0001").measurements[0]["data"]
    part = signal[key]
    np.testing.assert_array_equal(part, values[key])
    assert part.dtype == values.dtype
    assert np.ndim(part) == np.ndim(values[key])


def test_only_needed_chunks_travel(client: stemma.Client, served: FakeServer) -> None:
    signal = client.open("dddd-0001").measurements[0].signals["data"]
    assert not served.count("GET", "zarr.json")  # describing a dataset reads no array
    signal[0, 0]
    shards = {path for method, path in served.requests if "/c/" in path}
    assert shards == {"/api/v1/measurements/mmmm-0001/signals/data/zarr/c/0/0/0/0"}
    before = len(served.requests)
    signal[0, 1]
    assert len(served.requests) == before + 1  # the shard's index is known already


def test_description_of_a_signal(client: stemma.Client) -> None:
    signal = client.open("10.5072/dddd-0001").measurements[0]["data"]
    assert (signal.ndim, signal.shape, signal.dtype) == (4, SHAPE, np.dtype("uint16"))
    assert [axis.name for axis in signal.axes] == ["scan_y", "scan_x", "detector_y", "detector_x"]
    assert signal.axes[0].coordinates == pytest.approx([1.0, 1.5, 2.0, 2.5, 3.0, 3.5])
    assert signal.axes[3].coordinates is None
    assert "detector_y 8 × 2 mrad" in repr(signal)


def test_numpy_takes_the_whole(client: stemma.Client, values: np.ndarray[Any, Any]) -> None:
    signal = client.open("mmmm-0001")["data"]
    np.testing.assert_array_equal(np.asarray(signal), values)
    assert len(signal) == SHAPE[0]


def test_labelled_array_is_lazy_and_has_units(
    client: stemma.Client, served: FakeServer, values: np.ndarray[Any, Any]
) -> None:
    labelled = client.open("mmmm-0001")["data"].to_xarray()
    assert isinstance(labelled, xarray.DataArray)
    assert labelled.dims == ("scan_y", "scan_x", "detector_y", "detector_x")
    assert labelled.coords["detector_y"].attrs == {"units": "mrad"}
    assert "detector_x" not in labelled.coords
    part = labelled.isel(scan_y=2).sel(scan_x=1.0, detector_y=slice(-4, 4))
    assert not [path for _, path in served.requests if "/c/" in path]
    np.testing.assert_array_equal(part.values, values[2, 2, 2:7])


def test_unknown_signal_names_the_known(client: stemma.Client) -> None:
    with pytest.raises(KeyError, match="its signals: data"):
        client.open("mmmm-0001")["haadf"]


def test_html_is_escaped(client: stemma.Client) -> None:
    dataset = client.open("dddd-0001")
    assert "MoS&lt;2&gt;" in dataset._repr_html_()
    assert "<script" not in dataset.measurements[0]._repr_html_()


def test_array_that_is_being_converted_is_waited_for(client: stemma.Client, served: FakeServer) -> None:
    path = "/api/v1/measurements/mmmm-0001/signals/data/zarr/zarr.json"
    ready, tries = served.extra[path], iter(range(3))

    def convert(request: httpx.Request) -> httpx.Response:
        if next(tries) < 2:
            response = refuse(404, "converting", "The array is being converted.")
            response.request = request
            return response
        return ready(request)

    served.extra[path] = convert
    assert client.open("mmmm-0001")["data"][0, 0].shape == (8, 7)


def test_conversion_that_outlasts_the_patience_is_said(served: FakeServer) -> None:
    def convert(request: httpx.Request) -> httpx.Response:
        response = refuse(404, "converting", "The array is being converted.")
        response.request = request
        return response

    served.extra["/api/v1/measurements/mmmm-0001/signals/data/zarr/zarr.json"] = convert
    with (
        stemma.connect(served.url, transport=served, retry_seconds=0.05) as client,
        pytest.raises(stemma.NotReadyError),
    ):
        client.open("mmmm-0001")["data"][0]


def test_token_never_leaves_its_server(served: FakeServer) -> None:
    signal = {"name": "data", "shape": [1], "dtype": "uint8", "axes": [], "zarr": "http://elsewhere.test/z"}
    answer(served, "/api/v1/measurements/mmmm-0002/", {"id": "mmmm-0002", "signals": [signal]})
    with stemma.connect(served.url, "secret", transport=served) as client:
        measurement = client.open("mmmm-0002")
        served.headers.clear()
        with pytest.raises(stemma.NotFoundError):
            measurement["data"][0]
    assert served.headers
    assert not any("Authorization" in headers for headers in served.headers)


def test_embargo_is_a_named_refusal(server: FakeServer) -> None:
    def embargoed(request: httpx.Request) -> httpx.Response:
        response = refuse(403, "embargoed", "Until 2027-01-01.")
        response.request = request
        return response

    server.extra["/api/v1/datasets/dddd-0009/"] = embargoed
    with (
        stemma.connect(server.url, transport=server) as client,
        pytest.raises(stemma.PermissionRefusedError) as caught,
    ):
        client.open("dddd-0009")
    assert caught.value.code == "embargoed"


def test_addresses_of_other_servers_are_refused(client: stemma.Client) -> None:
    with pytest.raises(stemma.UsageError, match="another server"):
        client.open("http://elsewhere.test/datasets/dddd-0001")


def test_search_follows_pages_and_sends_conditions(server: FakeServer) -> None:
    asked: list[httpx.QueryParams] = []

    def find(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.params)
        second = "cursor" in request.url.params
        name = "bbbb-0002" if second else "aaaa-0001"
        following = None if second else f"{server.url}/api/v1/search?q=MoS2&cursor=abc%3D"
        result = {"id": name, "doi": None, "title": name, "url": None, "measurements": ["mmmm-0001"]}
        return httpx.Response(
            200,
            json={
                "count": 2,
                "next": following,
                "facets": {"format": [], "elements": []},
                "results": [result],
            },
        )

    server.extra["/api/v1/search"] = find
    with stemma.connect(server.url, transport=server) as client:
        results = client.search("MoS2", where="voltage=60..80 kV", elements=["Mo", "S"])
        assert [result.id for result in results] == ["aaaa-0001", "bbbb-0002"]
        assert (len(results), results.facets) == (2, {"format": [], "elements": []})
    assert len(asked) == 2
    assert asked[0].multi_items() == [
        ("q", "MoS2"),
        ("where", "voltage=60..80 kV"),
        ("elements", "Mo"),
        ("elements", "S"),
    ]
    assert asked[1]["cursor"] == "abc="


def test_facet_that_the_server_does_not_have_is_refused(server: FakeServer) -> None:
    answer(server, "/api/v1/search", {"count": 9, "next": None, "facets": {"format": []}, "results": []})
    with stemma.connect(server.url, transport=server) as client:
        assert len(client.search(format="empad")) == 9
        with pytest.raises(stemma.UsageError, match="no facet 'colour'"):
            len(client.search(colour="green"))


def test_withdrawn_dataset_shows_its_tombstone(server: FakeServer) -> None:
    tombstone = {"id": "dddd-0006", "state": "withdrawn", "title": "T", "files": [], "measurements": []}
    server.extra["/api/v1/datasets/dddd-0006/"] = lambda request: httpx.Response(
        410, json=tombstone, request=request
    )
    with stemma.connect(server.url, transport=server) as client:
        assert client.open("dddd-0006").state == "withdrawn"


def test_addresses_under_another_name_of_the_server_are_followed_here(
    served: FakeServer, values: np.ndarray[Any, Any]
) -> None:
    """A server behind a tunnel hands out its public name; drafts need the token, which stays here."""
    signal = {"name": "data", "shape": SHAPE, "dtype": "uint16", "axes": AXES}
    public = "https://public.test/api/v1/measurements/mmmm-0001/signals/data/zarr"
    answer(
        served,
        "/api/v1/measurements/mmmm-0003/",
        {"id": "mmmm-0003", "signals": [{**signal, "zarr": public}]},
    )
    with stemma.connect(served.url, "secret", transport=served) as client:
        np.testing.assert_array_equal(client.open("mmmm-0003")["data"][5], values[5])


def test_one_measurement_is_downloaded_with_its_companions(server: FakeServer, tmp_path: Path) -> None:
    contents = {"a.xml": b"<a/>", "a.raw": b"counts", "b.raw": b"others"}
    files = [
        {"path": path, "size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        for path, content in contents.items()
    ]
    measurement = {"id": "mmmm-0005", "dataset": "dddd-0005", "files": ["a.xml", "a.raw"], "signals": []}
    answer(server, "/api/v1/measurements/mmmm-0005/", measurement)
    answer(server, "/api/v1/datasets/dddd-0005/", {"id": "dddd-0005", "files": files, "measurements": []})
    for path, content in contents.items():
        server.extra[f"/api/v1/datasets/dddd-0005/files/{path}"] = partial(send_range, content=content)
    with stemma.connect(server.url, transport=server) as client:
        client.open("mmmm-0005").download(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} >= {"a.xml", "a.raw"}
    assert not (tmp_path / "b.raw").exists()


def test_download_resumes_verifies_and_overwrites_nothing(server: FakeServer, tmp_path: Path) -> None:
    content = bytes(range(256)) * 9000
    digest = hashlib.sha256(content).hexdigest()
    file = {"path": "sub/scan.raw", "size": len(content), "sha256": digest, "state": "stored"}
    answer(
        server,
        "/api/v1/datasets/dddd-0002/",
        {"id": "dddd-0002", "title": "", "files": [file], "measurements": []},
    )
    ranges: list[str | None] = []

    def send(request: httpx.Request) -> httpx.Response:
        ranges.append(request.headers.get("Range"))
        response = send_range(request, content)
        if len(ranges) == 1:
            response = httpx.Response(200, stream=BrokenStream(content[:1_500_000]))
        return response

    server.extra["/api/v1/datasets/dddd-0002/files/sub/scan.raw"] = send
    with stemma.connect(server.url, transport=server) as client:
        dataset = client.open("dddd-0002")
        folder = dataset.download(tmp_path / "out")
        assert (folder / "sub/scan.raw").read_bytes() == content
        assert ranges == [None, "bytes=1500000-"]
        dataset.download(folder)
        assert len(ranges) == 2  # what is there is not fetched again
        (folder / "sub/scan.raw").write_bytes(b"mine")
        with pytest.raises(stemma.UsageError, match="differs"):
            dataset.download(folder)
        assert (folder / "sub/scan.raw").read_bytes() == b"mine"
    assert [path.name for path in folder.rglob("*.part")] == []


class BrokenStream(httpx.SyncByteStream):
    """A body that ends in a broken connection."""

    def __init__(self, content: bytes) -> None:
        self.content = content

    def __iter__(self) -> Iterator[bytes]:
        yield self.content
        raise httpx.ReadError("connection reset")


def test_altered_bytes_are_refused(server: FakeServer, tmp_path: Path) -> None:
    file = {"path": "a.raw", "size": 4, "sha256": hashlib.sha256(b"good").hexdigest()}
    answer(server, "/api/v1/datasets/dddd-0003/", {"id": "dddd-0003", "files": [file], "measurements": []})
    server.extra["/api/v1/datasets/dddd-0003/files/a.raw"] = partial(send_range, content=b"evil")
    with stemma.connect(server.url, transport=server) as client, pytest.raises(stemma.DamagedFileError):
        client.open("dddd-0003").download(tmp_path)
    assert list(tmp_path.glob("a.raw*")) == []


def test_a_page_that_is_no_stemma_server(server: FakeServer) -> None:
    server.extra["/api/v1/account/"] = lambda request: httpx.Response(200, text="<html>", request=request)
    with (
        stemma.connect(server.url, transport=server) as client,
        pytest.raises(stemma.ServerUnreachableError, match="did not answer as"),
    ):
        client.account()


def test_connection_is_shared_by_threads(client: stemma.Client, values: np.ndarray[Any, Any]) -> None:
    signal = client.open("mmmm-0001")["data"]
    found: dict[int, Any] = {}

    def read(row: int) -> None:
        found[row] = signal[row]

    threads = [threading.Thread(target=read, args=(row,)) for row in range(SHAPE[0])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    np.testing.assert_array_equal(np.stack([found[row] for row in range(SHAPE[0])]), values)


def test_problem_documents_round_trip() -> None:
    error = stemma.ConflictError("Changed.", code="revision_conflict", hint="Again.", status=412)
    assert json.loads(json.dumps(error.as_problem()))["code"] == "revision_conflict"
    assert str(error) == "Changed. Again."
