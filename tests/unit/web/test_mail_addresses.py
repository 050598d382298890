"""One mailbox has one spelling, and no two mailboxes share one."""

import pytest

from repository.mail_addresses import canonicalize_address, spell_out


@pytest.mark.parametrize(
    ("typed", "canonical"),
    [
        (" Marie.C+x@Example.ORG ", "marie.c+x@example.org"),
        ("a@b\u00fccher.example", "a@xn--bcher-kva.example"),
        ("a@XN--BCHER-KVA.example", "a@xn--bcher-kva.example"),
        ("a@\uff45xample\u3002org", "a@example.org"),
        ("ivan@ma\u0131l.org", "ivan@xn--mal-kua.org"),
        ("a@stra\u00dfe.example", "a@xn--strae-oqa.example"),
        ("root@localhost", "root@localhost"),
    ],
)
def test_one_spelling(typed: str, canonical: str) -> None:
    assert canonicalize_address(typed) == canonical
    assert canonicalize_address(canonical) == canonical
    assert canonicalize_address(spell_out(canonical)) == canonical


@pytest.mark.parametrize(
    "typed",
    [
        *(
            "",
            "@",
            "a@",
            "@b.org",
            "a",
            "\u0131van@b.org",
            "\uff41@b.org",
            "a b@c.org",
            "a@b..org",
            "a@b.org.",
        ),
        *(
            "a@[127.0.0.1]",
            "a@[IPv6:::1]",
            "a@127.0.0.1",
            "a@2130706433",
            "a@0x7f",
            "a@b_c.org",
            "a@xn--a.org",
        ),
        *(f"a@ex{sign}ample.org" for sign in "\u200b\u200c\u200d\u00ad\u034f\u2060\u2066\ufe0f\ufeff\u180e"),
        "a@\u0915\u094d\u200d\u0937.org",
        f"{'a' * 65}@b.org",
        f"a@{'b.' * 200}org",
        "a@" + "\u00fc" * 5000,
    ],
)
def test_what_cannot_be_written_to_has_none(typed: str) -> None:
    assert canonicalize_address(typed) == ""
