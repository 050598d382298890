"""Run by the supervisor as the owner of the tables: migrate, make the account, print its token.

One program for both, because loading the application costs more than either. What Django has to say goes to
stderr; the last line of stdout is one JSON object.
"""

import os
import sys

import django
from django.core.management import call_command


def main() -> None:
    """Prepare the database for the account named on the command line.

    Standard input holds its password and, on a second line, the token that it had; that line may be empty.
    """
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
    django.setup()
    call_command("migrate", interactive=False, verbosity=1, stdout=sys.stderr)
    call_command("ensure_account", username=sys.argv[1], password_stdin=True, token_stdin=True, json=True)


if __name__ == "__main__":
    main()
