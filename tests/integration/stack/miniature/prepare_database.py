"""Stands in for Django's migrations and the account: one table, one line of JSON."""

import json
import os
import sys

import psycopg

with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
    connection.execute("CREATE TABLE IF NOT EXISTS note (id serial PRIMARY KEY, body text NOT NULL)")
username, password = sys.argv[1], sys.stdin.readline().strip()
sys.stdout.write(
    json.dumps({"username": username, "token": f"token-of-{username}", "length": len(password)}) + "\n"
)
