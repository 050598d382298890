"""Accept is read as RFC 9110, section 12.5.1 says: weights, wildcards, exactness, and nothing by the order of luck."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontend.negotiation import choose_representation, parse_accept

HTML, JSONLD, XML, BIB = "text/html", "application/ld+json", "application/vnd.datacite.datacite+xml", "x/bib"
OFFERED = (HTML, JSONLD, XML, BIB)
ALIASES = {"application/vnd.schemaorg.ld+json": JSONLD}
FIREFOX = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        (None, HTML),
        ("", HTML),
        ("*/*", HTML),
        (FIREFOX, HTML),
        ("application/json, text/plain, */*", HTML),
        (JSONLD, JSONLD),
        ("APPLICATION/LD+JSON", JSONLD),
        (f"{JSONLD};q=0.5, {HTML};q=0.4", JSONLD),
        (f"{HTML};q=0.1, {JSONLD}", JSONLD),
        (f"{JSONLD};q=0.1, {HTML};q=0.9", HTML),
        (f"{JSONLD};q=0.4, {XML};q=0.8, {HTML};q=0.2", XML),
        (f"{JSONLD} ; q=0.3 , {XML} ; Q=0.300", JSONLD),
        (f"{HTML};q=0, */*", JSONLD),
        (f"{JSONLD};q=0, application/*", XML),
        ("application/*", JSONLD),
        (f"text/*;q=0.3, {HTML};q=0.2, {JSONLD};q=0.25", JSONLD),
        (f"*/*;q=0.1, {XML}", XML),
        (f"*/*, {XML}", XML),
        (f"{XML}, {JSONLD}", XML),
        ("application/vnd.schemaorg.ld+json", JSONLD),
        (f'{JSONLD};profile="a,b;q=0"', JSONLD),
        (f'{JSONLD};profile="http://www.w3.org/ns/json-ld#compacted";q=0.9, {HTML};q=0.8', JSONLD),
        (f"{JSONLD};charset=utf-8", JSONLD),
        (f"text/html;level=1;q=0.3, {HTML};q=0.7, {JSONLD};q=0.5", HTML),
        ("application/pdf", None),
        (f"{HTML};q=0", None),
        ("*/*;q=0", None),
        ("*/*;q=0.000, image/png", None),
        ("garbage", HTML),
        ("*/html", HTML),
        (f"{XML};q=nonsense", XML),
        (f"{XML};q=1.5, {HTML};q=0.9", XML),
        (",,;;q=1,", HTML),
    ],
)
def test_what_is_asked_for_is_chosen(accept: str | None, chosen: str | None) -> None:
    assert choose_representation(accept, OFFERED, ALIASES) == chosen


CRATE, CROISSANT = (f"{JSONLD};profile=https://w3id.org/{name}" for name in ("ro/Crate", "croissant"))
ASKING = f'{JSONLD};profile="https://w3id.org/ro/crate"'


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        (JSONLD, JSONLD),
        (ASKING, CRATE),
        (ASKING.upper(), CRATE),
        (f"{ASKING};q=0.2, {JSONLD};q=0.9", JSONLD),
        (f"{JSONLD}, {ASKING}", CRATE),
        (f"{ASKING}, {JSONLD}", CRATE),
        (f'{JSONLD};profile="https://elsewhere.test https://w3id.org/croissant"', CROISSANT),
        (f'{JSONLD};profile="https://elsewhere.test"', JSONLD),
        ("application/x-crate", CRATE),
    ],
)
def test_one_of_several_of_a_type_is_chosen_by_its_profile(accept: str, chosen: str) -> None:
    offered = (HTML, CROISSANT, JSONLD, CRATE)
    assert choose_representation(accept, offered, {"application/x-crate": CRATE}) == chosen


def test_what_only_a_profile_tells_apart_is_had_by_its_bare_type_too() -> None:
    assert choose_representation(JSONLD, (HTML, CRATE)) == CRATE
    assert choose_representation(f'{JSONLD};profile="https://elsewhere.test"', (HTML, CRATE)) is None


weights = st.integers(0, 1000).map(lambda number: f"{number / 1000:.3f}")


@given(st.dictionaries(st.sampled_from(OFFERED), weights, min_size=1), st.randoms())
def test_the_heaviest_is_chosen_in_whatever_order(wanted: dict[str, str], random: object) -> None:
    entries = [f"{media_type};q={weight}" for media_type, weight in wanted.items()]
    random.shuffle(entries)  # type: ignore[attr-defined]
    chosen = choose_representation(",".join(entries), OFFERED)
    heaviest = max(map(float, wanted.values()))
    if heaviest == 0:
        assert chosen is None
    else:
        assert chosen is not None
        assert float(wanted[chosen]) == heaviest


@given(st.text(max_size=200))
def test_no_header_breaks_the_reading(header: str) -> None:
    assert choose_representation(header, OFFERED) in {*OFFERED, None}


def test_an_endless_header_is_read_in_no_time() -> None:
    assert len(parse_accept("text/html," * 50_000)) == 100
    assert parse_accept('a/b;"' * 20_000) is not None
