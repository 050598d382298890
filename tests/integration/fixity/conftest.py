import pytest

from tests.factories import store_bytes


@pytest.fixture
def witness(stemma_home: object) -> str:
    """Return another object, by which one knows that the store itself is there."""
    return store_bytes(b"a witness")[0]
