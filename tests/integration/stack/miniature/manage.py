"""Stands in for Django's commands: tables by hand, an account from standard input."""

import json
import os
import sys

import psycopg


def migrate() -> None:
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS note (id serial PRIMARY KEY, body text NOT NULL)")


def ensure_account() -> None:
    password = sys.stdin.readline().strip()
    username = sys.argv[sys.argv.index("--username") + 1]
    sys.stdout.write(
        json.dumps({"username": username, "password": password, "token": "token-of-" + username}) + "\n"
    )


{"migrate": migrate, "ensure_account": ensure_account}[sys.argv[1]]()
