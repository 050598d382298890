import pytest

from stemma.errors import UsageError
from stemma.identifiers import Reference, parse_reference


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("7q2m-x4d9", Reference("7q2m-x4d9")),
        (" 7Q2M-X4D9 ", Reference("7q2m-x4d9")),
        ("7Q2MX4D9", Reference("7q2m-x4d9")),
        ("doi:10.5072/7q2mx4d9.v2", Reference("7q2m-x4d9", version=2)),
        ("https://h/datasets/7q2mx4d9", Reference("7q2m-x4d9", kind="datasets", server="https://h")),
        (
            "https://h/api/v1/datasets/7q2m-x4d9/files/datasets/abcdefgh",
            Reference("7q2m-x4d9", kind="datasets", server="https://h"),
        ),
        ("7qim-xlo9", Reference("7q1m-x109")),
        ("10.5072/7q2m-x4d9", Reference("7q2m-x4d9")),
        ("doi:10.5072/7q2m-x4d9.v2", Reference("7q2m-x4d9", version=2)),
        ("https://doi.org/10.5072/7q2m-x4d9.v12", Reference("7q2m-x4d9", version=12)),
        (
            "http://real-time.example.org:8000/datasets/7q2m-x4d9",
            Reference("7q2m-x4d9", kind="datasets", server="http://real-time.example.org:8000"),
        ),
        (
            "http://h:1/api/v1/measurements/7q2m-x4d9/signals/data/zarr",
            Reference("7q2m-x4d9", kind="measurements", server="http://h:1"),
        ),
        (
            "https://h/api/v1/datasets/7q2m-x4d9/versions/3/",
            Reference("7q2m-x4d9", kind="datasets", version=3, server="https://h"),
        ),
        (
            "https://h/datasets/7q2m-x4d9/files/abcd-efgh.raw",
            Reference("7q2m-x4d9", kind="datasets", server="https://h"),
        ),
    ],
)
def test_what_people_hand_in(text: str, expected: Reference) -> None:
    assert parse_reference(text) == expected


@pytest.mark.parametrize(
    "text", ["", "7q2m x4d9", "7q2mx4d", "not an id", "https://example.org/about-time/", "12345-67890"]
)
def test_texts_without_an_id(text: str) -> None:
    with pytest.raises(UsageError):
        parse_reference(text)
