"""What it costs the database to ask who may see what: how many questions, and by which index."""

import re
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from api.byte_service.audiences import READERS_OF_DRAFT, READERS_OF_MEASUREMENT, READERS_OF_VERSION
from repository.errors import RepositoryError
from repository.models import Deposit, DepositMember
from repository.selectors.search import build_search_request, search
from repository.selectors.visibility import NOBODY, Visitor
from tests.deposits import make_published, make_ready
from tests.factories import make_user
from tests.toy_grant import keep_back_what_is_embargoed

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stemma_home", "unthrottled")]

# Counted when each selector had filters of its own, or none. None may grow.
MOST_OF_ADDRESSES = {
    "/": 6,
    "/search": 6,
    "/sitemap.xml": 1,
    "/api/v1/search/?q=MoS2&where=voltage:60..100": 6,
    "/api/v1/datasets/": 6,
    "/doi/10.5072/{dataset}": 2,
    "/datasets/{dataset}.jsonld": 3,
    "/linkset/{dataset}": 3,
    "/api/v1/measurements/{measurement}/metadata/": 3,
}
AUDIENCES = {"measurement": READERS_OF_MEASUREMENT, "version": READERS_OF_VERSION, "draft": READERS_OF_DRAFT}
# Columns: stranger, owner, co-owner, curator.
MOST_OF_DECISIONS = """
measurement open       2 2 2 2
measurement embargoed  2 2 3 3
measurement draft      3 4 4 4
version     open       1 1 1 1
version     embargoed  1 1 2 2
version     draft      2 2 2 2
draft       draft      0 1 1 1
"""


def count(act: Callable[[], Any]) -> int:
    with CaptureQueriesContext(connection) as captured, suppress(RepositoryError):
        act()
    return len(captured.captured_queries)


def test_no_address_asks_more_often(client: Any) -> None:
    version = make_published()
    words = {"dataset": version.dataset_id, "measurement": version.measurements.get().measurement_id}
    for address, most in MOST_OF_ADDRESSES.items():
        named = address.format(**words)
        assert client.get(named).status_code in {200, 302}, named  # and what is read once is read
        assert count(partial(client.get, named)) <= most, named


def test_no_decision_asks_more_often() -> None:
    owner, co_owner = make_user(), make_user()
    visitors = [NOBODY, Visitor(owner), Visitor(co_owner), Visitor(make_user(role="curator"))]
    deposits: dict[str, Deposit] = {
        "open": make_published(owner).dataset.deposit,
        "embargoed": make_published(owner, access="embargoed", embargo_until="2999-01-01").dataset.deposit,
        "draft": make_ready(owner),
    }
    for deposit in deposits.values():
        DepositMember.objects.create(deposit=deposit, name=co_owner.username, user=co_owner)
    for row in MOST_OF_DECISIONS.strip().splitlines():
        name, state, *most = row.split()
        deposit = deposits[state]
        words = {"dataset_id": deposit.pk, "deposit_id": deposit.pk}
        words["measurement_id"] = deposit.measurements.get().pk
        asked = [count(partial(AUDIENCES[name].admit, each, words)) for each in visitors]
        grown = [n for n, allowed in zip(asked, most, strict=True) if n > int(allowed)]
        assert grown == [], (name, state, asked)


@pytest.mark.parametrize("is_kept_back", [False, True])
def test_search_goes_by_its_indexes(is_kept_back: bool, monkeypatch: pytest.MonkeyPatch, rf: Any) -> None:
    """With few rows the planner would read a whole table: it is told that it costs much."""
    if is_kept_back:
        keep_back_what_is_embargoed(monkeypatch)
    make_published()
    everything = build_search_request(rf.get("/").GET)
    words = build_search_request(rf.get("/", {"q": "MoS2"}).GET)
    ranges = build_search_request(rf.get("/", {"where": "voltage:60..100", "modality": "other"}).GET)
    for visitor in (NOBODY, Visitor(make_user())):
        for request, index, off in (
            (everything, "search_entry_recent", ["seqscan"]),
            (words, "search_entry_text", ["seqscan", "indexscan", "indexonlyscan"]),
            (
                ranges,
                "facts_acceleration_voltage|facts_techniques",
                ["seqscan", "indexscan", "indexonlyscan"],
            ),
        ):
            page, count_of_all, *others = explain(partial(search, visitor, request), off)
            assert re.search(index, page), page
            assert "Seq Scan on repository_searchentry" not in page
            joined = [plan for plan in (count_of_all, *others) if "repository_datasetversion" in plan]
            assert bool(joined) == is_kept_back, "without a rule there is no condition more"
            counted = [
                plan for plan in (page, *others) if "repository_group" not in plan
            ]  # but whose they are
            assert all("repository_deposit " not in plan for plan in counted) or is_kept_back


def explain(act: Callable[[], Any], off: list[str]) -> list[str]:
    """Return the plans of all questions where some kinds of scans cost much."""
    with CaptureQueriesContext(connection) as captured:
        act()
    plans = []
    with connection.cursor() as cursor:
        for kind in off:
            cursor.execute(f"SET LOCAL enable_{kind} = off")
        for query in captured.captured_queries:
            cursor.execute("EXPLAIN " + query["sql"])
            plans.append("\n".join(row[0] for row in cursor.fetchall()))
        for kind in off:
            cursor.execute(f"SET LOCAL enable_{kind} = on")
    return plans
