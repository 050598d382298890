"""What the cells of a whole deposit come to, by kind of measurement and field: counted by the database.

A deposit of 3,000 measurements has a hundred thousand cells; nothing of them is read but these sums.
"""

from typing import Any

from django.db import connection
from django.db.models import QuerySet

from repository.models.measurement import Measurement
from repository.schema.checks.cells import CellSum

MOST_TEXTS = 6
# What is chosen stands first and by itself: right after many files arrived the planner knows nothing of their number,
# and would look through what is chosen anew for each cell.
_SUMS = f"""
WITH m AS MATERIALIZED ({{chosen}})
SELECT m.kind, c.key, count(*),
    count(*) FILTER (WHERE c.value->>'state' = 'needed'),
    count(*) FILTER (WHERE c.value->>'state' = 'empty'),
    count(*) FILTER (WHERE c.value->>'state' = 'not_recorded'),
    count(*) FILTER (WHERE c.value->>'state' = 'conflict'),
    count(*) FILTER (WHERE c.value->>'state' = 'not_understood'),
    count(DISTINCT c.value->>'text') FILTER (WHERE c.value->>'state' NOT IN ('needed', 'empty')),
    (array_agg(DISTINCT c.value->>'text') FILTER (WHERE c.value->>'state' NOT IN ('needed', 'empty')))[1:{MOST_TEXTS}],
    min((c.value->>'number')::float8), max((c.value->>'number')::float8),
    count(*) FILTER (WHERE c.value->>'level' IN ('measurement', 'pattern'))
FROM m CROSS JOIN LATERAL jsonb_each(m.cells) c
GROUP BY m.kind, c.key ORDER BY m.kind, c.key
"""  # noqa: S608


_WAITING = """
SELECT count(*), count(*) FILTER (WHERE m.cells @? '$.* ? (@.state == "needed")') FROM ({chosen}) m
"""


def count_waiting(measurements: QuerySet[Measurement]) -> tuple[int, int]:
    """Return how many measurements there are, and how many wait for an answer; one question to the database."""
    chosen, parameters = measurements.order_by().values("cells").query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(_WAITING.format(chosen=chosen), parameters)
        count, n_waiting = cursor.fetchone() or (0, 0)
    return count, n_waiting


def sum_cells(measurements: QuerySet[Measurement]) -> list[CellSum]:
    """Return the sums over some measurements; one question to the database."""
    chosen, parameters = measurements.order_by().values("kind", "cells").query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(_SUMS.format(chosen=chosen), parameters)
        rows: list[list[Any]] = [[*row[:9], tuple(row[9] or ()), *row[10:]] for row in cursor.fetchall()]
    return [CellSum(*row) for row in rows]
