"""NXem and HyperSpy's file over HTTP: from what is stored, whole or not at all."""

import io

import h5py
import hdf5plugin  # noqa: F401 - its import registers Blosc
import numpy as np
import pytest

from repository.models import ArrayObject
from repository.selectors.exports import list_signals
from repository.services.storage import get_object_store
from tests.api.conftest import WebClient
from tests.api.worlds import build_world, gather_people
from tests.deposits import AXES, add_measurement, publish, settle
from tests.factories import make_deposit, store_bytes

PLACES = {
    "nxem.nxs": "entry/measurement/event1/image1/image_4d/real",
    "hyperspy.hspy": "Experiments/MoS2 monolayer at 80 kV/data",
}


def locate(measurement_id: str, ending: str) -> str:
    return f"/api/v1/measurements/{measurement_id}/exports/{ending}"


@pytest.mark.parametrize("ending", PLACES)
def test_a_published_measurement_is_had_as_one_file(web: WebClient, ending: str) -> None:
    world = build_world("open", gather_people())
    measurement = world.words["measurement_id"]
    page = web.get(f"/datasets/{world.words['dataset_id']}").text
    assert f'href="{locate(measurement, ending)}"' in page
    answer = web.get(locate(measurement, ending))
    assert answer.headers["content-type"] == "application/x-hdf5"
    assert f'filename="{measurement}.{ending}"' in answer.headers["content-disposition"]
    with h5py.File(io.BytesIO(answer.content), "r") as file:
        data = file[PLACES[ending]]
        assert (data.shape, data.dtype, data.chunks) == ((4, 4, 128, 128), np.float32, (1, 1, 128, 128))
        assert not data[...].any()
        if ending == "nxem.nxs":
            axes = [data.parent[name] for name in data.parent.attrs["axes"]]
            found = [(axis.shape[0], axis.attrs["units"], axis[1] - axis[0]) for axis in axes]
        else:
            groups = [data.parent[f"axis-{number}"].attrs for number in range(4)]
            found = [(axis["size"], axis["units"], axis["scale"]) for axis in groups]
    assert found == [(axis["size"], axis["unit"], axis["scale"]) for axis in AXES]


@pytest.mark.parametrize("ending", PLACES)
def test_a_damaged_array_is_no_file(web: WebClient, ending: str) -> None:
    """Its last shard is found damaged while it is sent: what arrived has no end, and the next is refused."""
    deposit = make_deposit()
    measurement = add_measurement(deposit)
    shard = ArrayObject.objects.get(signal__measurement=measurement, kind="primary", key="c/0/0/0/0")
    # Bytes of its own, so that no other test meets the damage: chunks may have anything before them.
    digest, size = store_bytes(ending.encode() + get_object_store().path_of(shard.sha256).read_bytes())
    ArrayObject.objects.filter(pk=shard.pk).update(sha256=digest, size=size)
    publish(settle(deposit))
    address = locate(measurement.pk, ending)
    with h5py.File(io.BytesIO(web.get(address).content), "r") as file:
        assert "entry" in file or "Experiments" in file
    path = get_object_store().path_of(digest)
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[::-1])
    with pytest.raises(OSError, match=r"truncated|signature not found"):
        h5py.File(io.BytesIO(web.get(address).content), "r")
    refused = web.get(address)
    assert (refused.status_code, refused.json()["code"]) == (500, "damaged")


@pytest.mark.django_db
@pytest.mark.usefixtures("stemma_home")
def test_axes_published_before_they_followed_the_record_follow_it_in_exports() -> None:
    deposit = make_deposit()
    measurement = add_measurement(deposit, scan_step={"value": 0.2, "unit": "nm"})
    version = publish(settle(deposit))
    (entry,) = version.content["measurements"]
    (signal,) = entry["signals"]
    bare = [{**axis, "unit": None, "scale": None, "offset": 0.0} for axis in signal["axes"]]
    measurement.refresh_from_db()
    (exported,) = list_signals(measurement, [{**signal, "axes": bare}], with_parts=False)
    assert [(axis["unit"], axis["scale"]) for axis in exported.axes[:2]] == [("nm", 0.2)] * 2
