"""Logs do not tell the links by which an account is opened."""

import logging

import pytest

from project.log_lines import HideLinks


@pytest.mark.parametrize(
    ("line", "hidden"),
    [
        ("Gone: /accounts/signup/abc:def:gh/", "Gone: /accounts/signup/…/"),
        ("Forbidden: /accounts/confirm-email/MQ:1w:x-_y/", "Forbidden: /accounts/confirm-email/…/"),
        ('"/accounts/password/reset/key/1-set-abc/" 503', '"/accounts/password/reset/key/…/" 503'),
        ("Not Found: /accounts/signup/", "Not Found: /accounts/signup/"),
        ("Not Found: /datasets/7q2m-x4dn", "Not Found: /datasets/7q2m-x4dn"),
    ],
)
def test_keys_are_left_out(line: str, hidden: str) -> None:
    record = logging.LogRecord("django.request", logging.WARNING, "", 0, "%s", (line,), None)
    assert HideLinks().filter(record)
    assert record.getMessage() == hidden
