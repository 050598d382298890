"""Addresses of the schema's files: what is there, for how long it lasts, and what is told where nothing is."""

from typing import Any

import pytest

from repository.schema.versions.in_force import VERSION_IN_FORCE, is_released, list_versions

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stemma_home", "unthrottled")]
FILES = "/api/v1/schemas/stem"


@pytest.mark.parametrize("version", list_versions())
@pytest.mark.parametrize("name", ["dataset.json", "context.jsonld"])
def test_a_file_lasts_as_long_as_its_version_cannot_change(client: Any, version: str, name: str) -> None:
    answer = client.get(f"{FILES}/{version}/{name}")
    assert (answer.status_code, bool(answer.json())) == (200, True)
    assert answer["Cache-Control"] == f"public, max-age={86_400 if is_released(version) else 60}"


@pytest.mark.parametrize("address", [f"{VERSION_IN_FORCE}/nothing.json", "9.9.9/dataset.json"])
def test_what_is_not_there_is_not_found(client: Any, address: str) -> None:
    answer = client.get(f"{FILES}/{address}")
    assert answer.status_code == 404
    problem = answer.json()
    assert all(part in problem["detail"] for part in address.split("/"))
    assert VERSION_IN_FORCE in problem["hint"]
