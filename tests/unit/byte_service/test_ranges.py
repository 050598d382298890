import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.byte_service.downloads import UnsatisfiableRangeError, is_listed, is_range_valid, parse_range

SIZES = st.integers(0, 300)
POSITIONS = st.integers(0, 400)


@given(size=SIZES, first=POSITIONS, last=st.none() | POSITIONS)
def test_range_is_the_slice_it_names(size: int, first: int, last: int | None) -> None:
    content = bytes(index % 256 for index in range(size))
    header = f"bytes={first}-{'' if last is None else last}"
    if last is not None and last < first:
        assert parse_range(header, size) is None
        return
    if first >= size:
        with pytest.raises(UnsatisfiableRangeError):
            parse_range(header, size)
        return
    found = parse_range(header, size)
    assert found is not None
    assert content[found.start : found.stop] == content[first : None if last is None else last + 1]


@given(size=SIZES, count=POSITIONS)
def test_suffix_is_the_end(size: int, count: int) -> None:
    content = bytes(index % 256 for index in range(size))
    if 0 in {size, count}:
        with pytest.raises(UnsatisfiableRangeError):
            parse_range(f"bytes=-{count}", size)
        return
    found = parse_range(f"bytes=-{count}", size)
    assert found is not None
    assert content[found.start : found.stop] == content[-count:]


@given(header=st.text(max_size=40) | st.from_regex(r"\Abytes=.{0,40}\Z"))
def test_nonsense_never_fails(header: str) -> None:
    try:
        found = parse_range(header, 100)
    except UnsatisfiableRangeError:
        return
    assert found is None or 0 <= found.start < found.stop <= 100


@pytest.mark.parametrize("header", ["bytes=٣-٤", "bytes=0-" + "9" * 5000, "bytes=0-1,3-4", "bytes=1"])
def test_meaningless_range_is_none(header: str) -> None:
    assert parse_range(header, 100) is None


def test_conditions() -> None:
    assert is_range_valid('"a"', None)
    assert is_range_valid('"a"', ' "a" ')
    assert not is_range_valid('"a"', 'W/"a"')
    assert is_listed('"a"', 'W/"b", W/"a"')
    assert not is_listed('"a"', None)
    assert not is_listed('"a"', "a")
