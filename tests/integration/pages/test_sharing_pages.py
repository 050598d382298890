"""Groups, invitations, co-owners, links and the profile, as people use them on the pages, without a script."""

import re

import pytest
from allauth.account.models import EmailAddress
from django.contrib.sessions.models import Session
from django.test import Client

from repository.errors import QuotaExceededError
from repository.models import Deposit, Group, Invitation, Message, ReviewerLink, User
from repository.models.stored_object import measure_use
from repository.selectors.search import build_search_request, search
from repository.selectors.visibility import NOBODY
from repository.services.groups import close_group
from repository.services.uploads import start_upload
from tests.factories import make_deposit, make_user, store_file

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stemma_home")]


def enter(client: Client, user: User) -> Client:
    client.force_login(user)
    return client


def make_person(name: str) -> User:
    user = make_user(name, email=f"{name}@example.org", full_name=name.title())
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


def read(client: Client, address: str) -> str:
    return client.get(address).content.decode()


def test_a_laboratory_is_made_and_somebody_invited(client: Client) -> None:
    marie, irene = make_person("marie"), make_person("irene")
    enter(client, marie)
    assert "You are in no group" in read(client, "/groups/")
    refused = client.post("/groups/", {"act": "create", "name": "Radium", "ror": "03yrm5c62"})
    assert refused.status_code == 422
    assert "check the others" in refused.content.decode()
    assert 'value="Radium"' in refused.content.decode(), "what was typed is not lost"
    made = client.post("/groups/", {"act": "create", "name": "Radium", "ror": "03yrm5c26"})
    group = Group.objects.get()
    place = f"/groups/{group.pk}"
    assert (made.status_code, made["Location"]) == (302, place)
    assert "No deposit belongs to the group yet" in read(client, place)
    wrong = client.post(place, {"act": "invite", "address": "irene", "role": "member"})
    assert (wrong.status_code, Message.objects.count()) == (422, 0)
    client.post(place, {"act": "invite", "address": irene.email, "role": "member"})
    Message.objects.update(state="failed", text="")
    assert "is the address right?" in read(client, place)
    stays = client.post(place, {"act": "remove", "username": "marie"})
    assert stays.status_code == 409
    assert "last manager" in stays.content.decode()
    offer = f"/invitations/{Invitation.objects.get().pk}"
    assert client.get(offer).status_code == 404, "it is not to this account"
    client.logout()
    asked = client.get(offer)
    assert (asked.status_code, asked["Location"]) == (302, f"/accounts/login/?next={offer}")


def test_somebody_joins_a_laboratory_and_looks_after_it_to_its_end(client: Client) -> None:
    marie, irene = make_person("marie"), make_person("irene")
    enter(client, marie)
    client.post("/groups/", {"act": "create", "name": "Radium", "ror": "03yrm5c26"})
    place = f"/groups/{Group.objects.get().pk}"
    client.post(place, {"act": "invite", "address": irene.email, "role": "member"})
    offer = f"/invitations/{Invitation.objects.get().pk}"
    enter(client, irene)
    assert client.get(place).status_code == 404
    assert offer in read(client, "/groups/")
    assert "Accept" in read(client, offer)
    assert client.post(offer, {"act": "accept"})["Location"] == place
    assert "You accepted it" in read(client, offer)
    assert client.post(offer, {"act": "accept"}).status_code == 409
    page = read(client, place)
    assert "Invite" not in page
    assert "History" not in page
    assert client.post(place, {"act": "rename", "name": "Polonium"}).status_code == 403
    assert client.post(place, {"act": "close"}).status_code == 403
    assert client.post(place, {}).status_code == 403

    enter(client, marie)
    client.post(place, {"act": "role", "username": "irene", "role": "manager"})
    client.post(place, {"act": "rename", "name": "Polonium", "ror": ""})
    history = re.sub(r"<[^>]+>", "", read(client, place))
    for line in (
        "made the group",
        "invited irene@example.org as member",
        "made irene manager",
        "from Radium",
    ):
        assert line in history
    assert client.post(place, {"act": "remove", "username": "marie"})["Location"] == "/groups/"
    enter(client, irene)
    assert client.post(place, {"act": "close"})["Location"] == "/groups/"
    assert client.get(place).status_code == 404


def test_a_deposit_and_its_people(client: Client) -> None:
    marie, irene = make_person("marie"), make_person("irene")
    deposit = make_deposit(marie)
    place = f"/deposits/{deposit.pk}/sharing"
    enter(client, marie)
    assert place in read(client, f"/deposits/{deposit.pk}")
    assert "Nobody shares this deposit yet" in read(client, place)
    client.post(place, {"act": "add", "username": "irene", "role": "view"})
    for form, status in (
        ({"act": "add", "username": "irene", "role": "all"}, 422),
        ({"act": "add", "username": "", "role": "view"}, 422),
        ({"act": "add", "username": "marie", "role": "view"}, 409),
        ({"act": "invite", "address": "nobody", "role": "view"}, 422),
        ({"act": "revoke", "invitation": "none"}, 404),
        ({"act": "unlink", "link": "none"}, 404),
        ({"act": "link", "for_whom": "", "days": "30"}, 422),
        ({"act": "link", "for_whom": "Reviewers", "days": "x"}, 422),
        ({"act": "join", "group": "none"}, 404),
    ):
        assert client.post(place, form).status_code == status, form
    assert [(one.name, one.role) for one in deposit.memberships.all()] == [("irene", "view")]
    made = client.post(place, {"act": "link", "for_whom": "Reviewers", "days": "30"})
    assert (made.status_code, made["Location"]) == (302, place), (
        "a page that is loaded again makes no second link"
    )
    assert client.head(place).status_code == 200
    found = re.search(r"/shared/([\w-]+)", read(client, place))
    assert found is not None
    assert found[1] not in read(client, place), "it is shown once"
    assert ReviewerLink.objects.count() == 1
    client.logout()
    assert client.get(f"/shared/{found[1]}")["Location"] == f"/deposits/{deposit.pk}"
    page = read(client, f"/deposits/{deposit.pk}")
    assert "You read this draft by a link" in page
    assert "My deposits</a><span" not in page

    enter(client, irene)
    page = read(client, f"/deposits/{deposit.pk}")
    for word in (place, "Delete this draft", "You read this draft by a link"):
        assert word not in page
    assert client.get(place).status_code == 403
    deposit.memberships.update(role="edit")
    page = read(client, f"/deposits/{deposit.pk}")
    assert "Delete this draft" not in page
    assert "Each field is saved" in page


def test_a_new_link_is_shown_on_the_page_of_its_own_deposit_alone(client: Client) -> None:
    marie = make_person("marie")
    one, other = make_deposit(marie), make_deposit(marie)
    enter(client, marie)
    client.post(f"/deposits/{one.pk}/sharing", {"act": "link", "for_whom": "Reviewers", "days": "30"})
    assert "/shared/" not in read(client, f"/deposits/{other.pk}/sharing")
    assert "/shared/" in read(client, f"/deposits/{one.pk}/sharing")
    kept = [session.get_decoded() for session in Session.objects.all()]
    assert all("new_reviewer_link" not in one for one in kept), "what was shown is kept nowhere"


def test_a_deposit_of_a_group_counts_for_it(client: Client, published: Deposit) -> None:
    marie = published.owner
    enter(client, marie)
    client.post("/groups/", {"act": "create", "name": "Radium"})
    group = Group.objects.get()
    place = f"/deposits/{published.pk}/sharing"
    client.post(place, {"act": "join", "group": group.pk})
    query = client.get("/search", {"group": "Radium"}).wsgi_request.GET
    found = search(NOBODY, build_search_request(query))
    assert (found.count, found.laboratories) == (1, 1)
    assert [(one.value, one.count) for one in found.facets["group"]] == [("Radium", 1)]
    assert search(NOBODY, build_search_request(client.get("/search").wsgi_request.GET)).laboratories == 1
    assert "Radium" in read(client, "/search")
    nothing = build_search_request(client.get("/search", {"group": "Polonium"}).wsgi_request.GET)
    assert search(NOBODY, nothing).count == 0
    used = measure_use(marie).files
    assert used > 0
    Group.objects.update(quota_bytes=1)
    assert measure_use(marie).files == 0, "what a group with a quota carries is not the owner's"
    Group.objects.update(quota_bytes=None)
    assert measure_use(marie).files == used
    close_group(group_id=group.pk, actor=marie)
    assert search(NOBODY, build_search_request(query)).count == 1, "what is published goes on naming it"


def test_a_quota_of_a_group_is_asked_where_files_come_and_go(client: Client) -> None:
    marie = make_person("marie")
    User.objects.filter(pk=marie.pk).update(quota_bytes=3)
    enter(client, marie)
    client.post("/groups/", {"act": "create", "name": "Radium"})
    group = Group.objects.get()
    deposit = make_deposit(marie)
    store_file(deposit, "a.raw", b"12345")
    place = f"/deposits/{deposit.pk}/sharing"
    Group.objects.update(quota_bytes=4)
    assert client.post(place, {"act": "join", "group": group.pk}).status_code == 413
    Group.objects.update(quota_bytes=5)
    assert client.post(place, {"act": "join", "group": group.pk}).status_code == 302
    assert client.post(place, {"act": "leave"}).status_code == 413, "the owner has no room for it"
    with pytest.raises(QuotaExceededError, match="group Radium"):
        start_upload(deposit_id=deposit.pk, actor=marie, path="b.raw", size=1)
    User.objects.filter(pk=marie.pk).update(quota_bytes=None)
    assert client.post(place, {"act": "leave"}).status_code == 302
    deposit.refresh_from_db()
    assert deposit.group_id is None


def test_a_profile_fills_the_creator(client: Client) -> None:
    marie = make_user("marie")
    enter(client, marie)
    for field, text in (
        ("orcid", "0000-0002-1825-0098"),
        ("affiliation_ror", "03yrm5c62"),
        ("name", "x" * 201),
        ("affiliation", "a\x00b"),
    ):
        refused = client.post("/profile", {"act": "save", field: text})
        assert refused.status_code == 422, field
    saved = {
        "act": "save",
        "name": " Curie,  Marie ",
        "orcid": "https://orcid.org/0000-0002-1694-233x",
        "affiliation": "Institut du Radium",
        "affiliation_ror": "https://ror.org/03YRM5C26",
    }
    assert client.post("/profile", saved).status_code == 302
    marie.refresh_from_db()
    document = make_deposit(marie, creators=None).dataset_document
    assert document["creators"] == [
        {
            "name": "Curie, Marie",
            "orcid": "0000-0002-1694-233X",
            "affiliation": "Institut du Radium",
            "affiliation_ror": "https://ror.org/03yrm5c26",
        }
    ]
    assert "0000-0002-1694-233X" in read(client, "/profile")


def test_a_reserved_doi_and_one_that_was_never_given_out_get_one_page(
    client: Client, published: Deposit
) -> None:
    draft = make_deposit(make_user())
    told = set()
    for name in (draft.pk, "7q2m-x4dn", f"{draft.pk}.v1", "anything"):
        answer = client.get(f"/doi/10.5072/{name}")
        assert answer.status_code == 404
        told.add(answer.content.decode().replace(name, "…"))
    (page,) = told
    assert "is unknown, or reserved and not public yet" in page
    assert "has one version: 1" in read(client, f"/doi/10.5072/{published.pk}.v7")
    assert "not one of ours" in read(client, "/doi/10.1234/x")
