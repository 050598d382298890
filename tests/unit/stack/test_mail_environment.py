"""The mail server in the environment: three ways to reach it, and refusals that say what to write."""

from pathlib import Path

import pytest

from project.environment import (
    EnvironmentVariableError,
    MailServerEnvironment,
    read_environment,
    read_stack_environment,
)
from project.stack.home import StackHome

COMPLETE = {
    "DATABASE_URL": "postgresql://a:b@127.0.0.1:5432/stemma",
    "BROKER_URL": "redis://127.0.0.1:6379/0",
    "STEMMA_SECRET_KEY": "long and random",
    "STEMMA_MAIL_FROM": "Stemma <stemma@example.org>",
}


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://mail.test", MailServerEnvironment("mail.test", 25, "none", None, None)),
        ("smtp://a:b@127.0.0.1:2525", MailServerEnvironment("127.0.0.1", 2525, "none", "a", "b")),
        (
            "smtp+starttls://a%40b:p%2Fw@mail.test",
            MailServerEnvironment("mail.test", 587, "starttls", "a@b", "p/w"),
        ),
        ("smtps://a:b@mail.test/", MailServerEnvironment("mail.test", 465, "tls", "a", "b")),
    ],
)
def test_a_mail_server_is_read(url: str, server: MailServerEnvironment) -> None:
    assert read_environment({**COMPLETE, "STEMMA_SMTP_URL": url}).mail_server == server
    assert read_stack_environment({"STEMMA_SMTP_URL": url}).mail_server == server


@pytest.mark.parametrize(
    "url", ["mail.test", "http://mail.test", "smtp://", "smtp://mail.test:x", "smtp://mail.test/path"]
)
def test_anything_else_is_refused_with_what_to_write(url: str) -> None:
    with pytest.raises(EnvironmentVariableError, match=r"STEMMA_SMTP_URL .*smtp\+starttls://"):
        read_environment({**COMPLETE, "STEMMA_SMTP_URL": url})


def test_no_password_goes_readable_over_the_network() -> None:
    with pytest.raises(EnvironmentVariableError, match="readable") as refusal:
        read_environment({**COMPLETE, "STEMMA_SMTP_URL": "smtp://a:secret@mail.test"})
    assert "secret" not in str(refusal.value)


def test_a_server_needs_a_sender() -> None:
    without = {name: value for name, value in COMPLETE.items() if name != "STEMMA_MAIL_FROM"}
    assert read_environment(without).mail_server is None
    assert read_environment(without).mail_from == "Stemma <stemma@localhost>"
    with_url = {**without, "STEMMA_PUBLIC_URL": "https://stemma.example.org:8443"}
    assert read_environment(with_url).mail_from == "Stemma <stemma@stemma.example.org>"
    with pytest.raises(EnvironmentVariableError, match="STEMMA_MAIL_FROM is not set"):
        read_environment({**without, "STEMMA_SMTP_URL": "smtp://mail.test"})
    with pytest.raises(EnvironmentVariableError, match="STEMMA_MAIL_FROM is 'nobody'"):
        read_environment({**COMPLETE, "STEMMA_MAIL_FROM": "nobody"})


def test_a_start_says_where_messages_go(tmp_path: Path) -> None:
    home = StackHome(tmp_path)
    assert f"not sent: messages are written to {tmp_path / 'mail'}" in home.describe_mail(None)
    server = MailServerEnvironment("mail.test", 587, "starttls", "a", "secret")
    assert home.describe_mail(server) == "Mail goes out by mail.test:587."
