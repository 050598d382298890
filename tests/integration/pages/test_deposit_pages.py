from typing import Any

import pytest

from repository.models import Deposit
from repository.services.deposits import add_member
from tests.factories import make_deposit, make_measurement, make_user, store_file
from tests.integration.pages.conftest import EXTRACTED, add_measurement, bring_to_ready

pytestmark = pytest.mark.django_db


def test_pages_of_an_account_ask_to_sign_in(client: Any) -> None:
    for address in ("/deposits/", "/deposits/new", "/tokens"):
        answer = client.get(address)
        assert answer.status_code == 302
        assert answer["Location"].startswith("/accounts/login/")


def test_without_deposits_the_page_says_how_to_begin(client: Any) -> None:
    client.force_login(make_user())
    html = client.get("/deposits/").content.decode()
    assert "You have no deposits yet" in html
    assert 'href="/deposits/new"' in html


def test_a_deposit_is_started_with_a_title(client: Any) -> None:
    user = make_user()
    client.force_login(user)
    answer = client.post("/deposits/new", {"title": "  Grain boundaries "})
    deposit = Deposit.objects.get(owner=user)
    assert answer["Location"] == f"/deposits/{deposit.pk}"
    html = client.get(answer["Location"]).content.decode()
    assert "Grain boundaries" in html
    assert f"10.5072/{deposit.pk}.v1" in html
    assert "<stemma-uploader" in html


def test_the_list_goes_on_where_the_page_ends(client: Any) -> None:
    user = make_user()
    for number in range(27):
        make_deposit(user, title=f"Deposit number {number}")
    client.force_login(user)
    first = client.get("/deposits/").content.decode()
    assert "Deposit number 26" in first
    assert "Deposit number 1<" not in first
    address = first.split('class="pager"')[1].split('href="')[1].split('"')[0].replace("&amp;", "&")
    second = client.get(address).content.decode()
    assert "Deposit number 1<" in second
    assert "Deposit number 26" not in second


def test_a_foreign_cursor_shows_the_first_page(client: Any) -> None:
    client.force_login(make_user())
    assert client.get("/deposits/?cursor=%00%ff").status_code == 200
    assert client.get("/search?cursor=YWJj").status_code == 200


def test_what_is_missing_is_counted_and_asked_in_the_table(client: Any, stemma_home: Any) -> None:
    deposit = make_deposit()
    add_measurement(deposit, "known.raw", b"1")
    unknown = add_measurement(deposit, "unknown.raw", b"2")
    unknown.extracted = {key: EXTRACTED[key] for key in EXTRACTED if key != "level"}
    unknown.save(update_fields=["extracted"])
    bring_to_ready(deposit)
    client.force_login(deposit.owner)
    html = client.get(f"/deposits/{deposit.pk}").content.decode()
    assert f'data-address="/api/v1/deposits/{deposit.pk}/table/" data-may-answer' in html
    assert "<strong>1</strong> answer is needed for 1 measurement</a>" in html
    assert "4D-STEM: a diffraction pattern" in html, "the techniques to choose from"


def test_a_ready_deposit_offers_to_publish(client: Any, ready_deposit: Deposit) -> None:
    client.force_login(ready_deposit.owner)
    html = client.get(f"/deposits/{ready_deposit.pk}").content.decode()
    assert f"Publish with DOI 10.5072/{ready_deposit.pk}.v1" in html


def test_a_curator_looks_but_does_not_change(client: Any, ready_deposit: Deposit) -> None:
    client.force_login(make_user(role="curator"))
    html = client.get(f"/deposits/{ready_deposit.pk}").content.decode()
    assert "MoS2 monolayer" in html
    assert "<stemma-session-table" in html
    assert "data-may-answer" not in html
    assert "<stemma-uploader" not in html
    assert "Publish with DOI" not in html


def test_drafts_are_never_kept_by_others(client: Any, ready_deposit: Deposit) -> None:
    client.force_login(ready_deposit.owner)
    for address in (f"/deposits/{ready_deposit.pk}", f"/deposits/{ready_deposit.pk}/progress"):
        assert client.get(address)["Cache-Control"] == "private, no-store"


def test_more_files_ask_no_more_of_the_database(
    client: Any, ready_deposit: Deposit, django_assert_max_num_queries: Any
) -> None:
    client.force_login(ready_deposit.owner)
    with django_assert_max_num_queries(36) as few:
        client.get(f"/deposits/{ready_deposit.pk}")
    for number in range(5):
        file = store_file(ready_deposit, f"more-{number}.raw", str(number).encode())
        make_measurement(ready_deposit, file, extracted=EXTRACTED)
    bring_to_ready(ready_deposit)
    with django_assert_max_num_queries(len(few)):
        client.get(f"/deposits/{ready_deposit.pk}")


def test_a_token_is_shown_once_and_can_be_revoked(client: Any) -> None:
    user = make_user()
    client.force_login(user)
    made = client.post("/tokens", {"name": "laptop", "scopes": ["read"], "days": "30"}).content.decode()
    text = made.split('id="new-token">')[1].split("<")[0]
    assert text.startswith("stemma_")
    again = client.get("/tokens").content.decode()
    assert "laptop" in again
    assert text not in again
    client.post("/tokens", {"revoke": user.auth_token_set.get().token_key})
    assert "You have no tokens" in client.get("/tokens").content.decode()


def test_a_token_without_scope_is_refused_with_the_reason(client: Any) -> None:
    client.force_login(make_user())
    answer = client.post("/tokens", {"name": "laptop", "days": "30"})
    assert answer.status_code == 422
    assert "A token needs at least one scope." in answer.content.decode()


def test_a_file_without_any_header_is_asked_about(client: Any, stemma_home: Any) -> None:
    deposit = make_deposit()
    make_measurement(deposit, store_file(deposit, "bare.emd", b"bare"), extracted={})
    bring_to_ready(deposit)
    client.force_login(deposit.owner)
    html = client.get(f"/deposits/{deposit.pk}").content.decode()
    assert "needed for 1 measurement" in html


def test_co_owners_are_listed_and_can_be_taken_off(client: Any, ready_deposit: Deposit) -> None:
    friend = make_user("pierre")
    add_member(deposit_id=ready_deposit.pk, actor=ready_deposit.owner, username="pierre")
    client.force_login(friend)
    html = client.get(f"/deposits/{ready_deposit.pk}").content.decode()
    assert f"/api/v1/deposits/{ready_deposit.pk}/members/pierre/" in html
    client.force_login(make_user(role="curator"))
    html = client.get(f"/deposits/{ready_deposit.pk}").content.decode()
    assert "pierre" in html
    assert "members/pierre/" not in html


def test_many_files_are_folded(client: Any, stemma_home: Any) -> None:
    deposit = make_deposit()
    for number in range(14):
        add_measurement(deposit, f"scan{number}.raw", str(number).encode())
    bring_to_ready(deposit)
    client.force_login(deposit.owner)
    html = client.get(f"/deposits/{deposit.pk}").content.decode()
    assert html.count("<summary>14 measurements</summary>") == 2, "the files, and what was read of them"
    assert '<details class="many" id="files-measurements">' in html
