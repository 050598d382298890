"""Who counts as one visitor, and which spellings as one name."""

import pytest

from repository import limits
from repository.limits import Limit, fold_name, name_network


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("192.0.2.7", "192.0.2.7", True),
        ("192.0.2.7", "192.0.2.8", False),
        ("192.0.2.7", "::ffff:192.0.2.7", True),
        ("2001:db8:0:1::1", "2001:db8:0:1:ffff:ffff:ffff:ffff", True),
        ("2001:db8:0:1::1", "2001:db8:0:2::1", False),
        ("", "a socket", True),
    ],
)
def test_one_visitor_has_a_whole_ipv6_network(one: str, other: str, is_same: bool) -> None:
    assert (name_network(one) == name_network(other)) is is_same


@pytest.mark.parametrize(
    "spelling", ["Admin", " admin ", "ADMIN", "adm\u0131n", "\uff41\uff44\uff4d\uff49\uff4e"]
)
def test_spellings_that_find_the_same_account_count_together(spelling: str) -> None:
    assert fold_name(spelling) == fold_name("admin")
    assert fold_name("\u212aepler") == fold_name("kepler")
    assert fold_name("admin2") != fold_name("admin")


def test_every_limit_counts_for_itself() -> None:
    table = [each for each in vars(limits).values() if isinstance(each, Limit)]
    assert len(table) >= 10
    assert len({each.of("x").key for each in table}) == len(table)
    assert all(each.span_s <= limits.LONGEST_SPAN_S for each in table)
    assert len({limits.PASSWORDS_OF_PAIR.of(*pair).key for pair in (("a", "bc"), ("ab", "c"))}) == 2


def test_a_key_tells_neither_address_nor_name() -> None:
    key = limits.PASSWORDS_OF_PAIR.of("192.0.2.7", "curie").key
    assert set(key) <= set("0123456789abcdef")
    assert len(key) == 64
