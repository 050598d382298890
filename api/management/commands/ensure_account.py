"""`manage.py ensure_account`: an account for the operator, with its token."""

import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from repository.services.accounts import ensure_account


class Command(BaseCommand):
    """Make sure an account exists and print a token that has all scopes for 30 days."""

    help = "Make sure an account exists; print its user name and its token (all scopes, 30 days)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Describe the arguments; the password never stands in a command line."""
        parser.add_argument("--username", required=True)
        parser.add_argument("--full-name", default="Stemma Demonstration")
        parser.add_argument("--role", default="admin", choices=["depositor", "curator", "admin"])
        parser.add_argument(
            "--password-stdin", action="store_true", help="Read the password from standard input."
        )
        parser.add_argument(
            "--token-stdin", action="store_true", help="Read the token to renew from a second line."
        )
        parser.add_argument("--json", action="store_true", help="Print one JSON object.")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Run the command."""
        if not options["password_stdin"]:
            raise CommandError("Give the password on standard input: --password-stdin.")
        password = sys.stdin.readline().rstrip("\n")
        if not password:
            raise CommandError("The password is empty.")
        former_token = sys.stdin.readline().strip() if options["token_stdin"] else ""
        user, token = ensure_account(
            username=options["username"],
            password=password,
            role=options["role"],
            full_name=options["full_name"],
            former_token=former_token,
        )
        if options["json"]:
            self.stdout.write(json.dumps({"username": user.username, "token": token}))
        else:
            self.stdout.write(f"{user.username}: {token}")
