"""The operator's account and its token, at every start."""

import datetime as dt

import pytest
from django.utils import timezone
from knox.auth import TokenAuthentication

from repository.models import ApiToken, User
from repository.services.accounts import create_token, ensure_account

pytestmark = pytest.mark.django_db


def start(former_token: str = "") -> tuple[User, str]:
    return ensure_account(
        username="operator",
        password="a long password",
        role="admin",
        full_name="O",
        former_token=former_token,
    )


def test_a_start_renews_the_token_that_programs_use() -> None:
    user, token = start()
    ApiToken.objects.filter(user=user).update(expiry=timezone.now() + dt.timedelta(hours=1))

    assert start(former_token=token) == (user, token)

    (kept,) = ApiToken.objects.filter(user=user)
    assert kept.expiry > timezone.now() + dt.timedelta(days=29)
    assert TokenAuthentication().authenticate_credentials(token.encode()) == (user, kept)


@pytest.mark.parametrize("former", ["", "stemma_unknown"])
def test_without_the_former_token_there_is_a_fresh_one_alone(former: str) -> None:
    user, token = start()

    _, fresh = start(former_token=former)

    assert fresh not in {token, former}
    assert ApiToken.objects.filter(user=user).count() == 1


def test_a_token_of_another_account_or_purpose_is_not_renewed() -> None:
    user, _ = start()
    life = dt.timedelta(days=1)
    narrow, text = create_token(user=user, name="reader", scopes=["read"], lifetime=life)

    assert start(former_token=text)[1] != text

    narrow.refresh_from_db()
    assert narrow.scopes == ["read"]
