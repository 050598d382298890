"""Damage that one process finds is known in all of its host before the next answer."""

from typing import Any

import pytest

from repository.services.fixity import record_damage, record_whole
from tests.api.conftest import WebClient, as_token, make_token
from tests.factories import make_deposit, make_user, store_file

# The marks are one file for all processes of a home: what one test ends, the others must not see ended.
pytestmark = [pytest.mark.django_db, pytest.mark.xdist_group("marks")]


def test_what_another_process_finds_is_refused_and_given_again_at_once(web: WebClient) -> None:
    owner = make_user()
    deposit = make_deposit(owner)
    stored = store_file(deposit, "scan.raw", b"counts of a detector")
    address = f"/api/v1/deposits/{deposit.pk}/files/scan.raw"
    headers: dict[str, Any] = as_token(make_token(owner)) | {"Range": "bytes=0-5"}
    assert web.get(address, headers=headers).content == b"counts"
    for _ in range(2):
        # As another process does it: nothing tells this one but what all processes of a host share.
        record_damage(stored.sha256, "Its bytes are others.")
        refused = web.get(address, headers=headers)
        assert (refused.status_code, refused.json()["code"]) == (500, "damaged")
        record_whole(stored.sha256)
        assert web.get(address, headers=headers).content == b"counts"
