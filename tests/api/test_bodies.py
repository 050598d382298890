"""Bodies in the ways in which programs send them: in chunks, and beyond all measure."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from repository.models import Deposit
from repository.schema.json_text import DEEPEST, require_storable
from tests.api.conftest import WebClient, as_token, make_token
from tests.factories import make_user

pytestmark = pytest.mark.django_db

JSON = b'{"metadata": {"dataset": {"title": "Sent in chunks"}}}'


async def cut(content: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(content), 10):
        yield content[start : start + 10]


def sign(user: Any) -> dict[str, str]:
    return as_token(make_token(user)) | {"Content-Type": "application/json"}


def test_a_document_that_comes_in_chunks_is_read(web: WebClient) -> None:
    answer = web.post("/api/v1/deposits/", content=cut(JSON), headers=sign(make_user()))
    assert answer.status_code == 201, answer.text
    assert answer.json()["metadata"]["dataset"]["title"] == "Sent in chunks"


@pytest.mark.parametrize("is_cut", [True, False])
def test_a_body_beyond_all_measure_is_refused_in_chunks_too(
    web: WebClient, settings: Any, is_cut: bool
) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 40
    content: Any = cut(JSON) if is_cut else JSON
    answer = web.post("/api/v1/deposits/", content=content, headers=sign(make_user()))
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")
    assert not Deposit.objects.exists()


@pytest.mark.parametrize(
    "wrap", [lambda inner: {"a": inner}, lambda inner: [inner]], ids=["objects", "lists"]
)
def test_a_body_may_be_nested_as_deeply_as_is_said_and_no_deeper(wrap: Any) -> None:
    body: Any = "text"
    for _ in range(DEEPEST):
        body = wrap(body)
    require_storable(body)
    with pytest.raises(ValueError, match="nested too deeply"):
        require_storable(wrap(body))
