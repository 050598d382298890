"""One mail says that a deposit was read and what waits; its owner may not want it."""

from pathlib import Path

import pytest
from allauth.account.models import EmailAddress

from repository.models import Deposit, Message
from repository.models.account_addresses import confirm_address
from repository.services.accounts import set_mails_when_read
from repository.services.publishing import start_new_version
from repository.workflows.notices import tell_when_read
from tests.deposits import add_measurement, make_ready, publish, settle
from tests.factories import make_deposit, make_user, store_file
from tests.mail import list_letters, work_off

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_one_connection")]


@pytest.fixture
def waiting(stemma_home: Path) -> Deposit:
    """Return a deposit that was read, and in which something is missing."""
    owner = make_user()
    confirm_address(owner, "marie@example.org")
    deposit = make_deposit(owner, title="Forty scans\r\nBcc: all@example.org")
    add_measurement(deposit, technique=None)
    store_file(deposit, ".DS_Store", b"x")
    return settle(deposit)


def test_it_is_sent_once_and_says_what_waits(waiting: Deposit, stemma_home: Path) -> None:
    assert waiting.state == "needs_attention"
    assert tell_when_read(deposit_id=waiting.pk)
    assert not tell_when_read(deposit_id=waiting.pk), "one mail for each deposit"
    work_off()
    (letter,) = list_letters(stemma_home)
    text = letter.get_content()
    assert letter["To"] == "marie@example.org"
    assert letter["Subject"] == "Read, and waiting for you: Forty scans Bcc: all@example.org"
    assert f"/deposits/{waiting.pk}" in text
    assert "2 files arrived: 1 measurement and" in text
    assert "point" in text.split("to settle")[0]
    assert "/accounts/email/" in text
    assert Message.objects.get().text == "", "what it said is forgotten"


def test_a_next_version_is_told_anew(stemma_home: Path) -> None:
    deposit = make_ready()
    confirm_address(deposit.owner, "marie@example.org")
    Deposit.objects.filter(pk=deposit.pk).update(told_at=deposit.created_at)
    publish(deposit)
    start_new_version(deposit_id=deposit.pk, actor=deposit.owner)
    add_measurement(deposit, "more.raw", technique=None)
    settle(deposit)
    assert tell_when_read(deposit_id=deposit.pk)


@pytest.mark.parametrize("why", ["off", "unconfirmed", "only checked", "ready", "still read", "closed"])
def test_nothing_is_sent(waiting: Deposit, why: str) -> None:
    if why == "off":
        set_mails_when_read(user=waiting.owner, wanted=False)
    elif why == "unconfirmed":
        EmailAddress.objects.filter(user=waiting.owner).update(verified=False)
    elif why == "only checked":
        Deposit.objects.filter(pk=waiting.pk).update(read_until="opened")
    elif why == "closed":
        type(waiting.owner).objects.filter(pk=waiting.owner.pk).update(is_active=False)
    else:
        state = "ready" if why == "ready" else "processing"
        Deposit.objects.filter(pk=waiting.pk).update(state=state)
    assert not tell_when_read(deposit_id=waiting.pk)
    assert not Message.objects.exists()
    waiting.refresh_from_db()
    assert waiting.told_at is None
