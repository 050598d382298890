"""Writes that decide tell so; the edits of a deposit's document are kept for whoever made theirs on an older one.

A decision about bytes rests on rows of a few tables. Triggers after every statement that changes what decides there name
the groups of the subjects, to the writer in a notice and to all who listen in a notification. They are ENABLE ALWAYS, as
the guards are: no session switches them off. New rows decide nothing anew, for refusals are not remembered; only a new
version changes what an address without a number shows.
"""

from collections.abc import Mapping, Sequence

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

MOST_GROUPS = 64  # more than these in one statement: everything is decided anew

# The same three digits of a digest as in `repository/marks.py`.
TELL = f"""
CREATE FUNCTION stemma_tell_decided(subjects text[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  words text[];
  word text;
BEGIN
  SELECT array_agg(DISTINCT left(encode(sha256(convert_to(subject, 'UTF8')), 'hex'), 3)) INTO words
    FROM unnest(subjects) AS subject WHERE subject IS NOT NULL;
  IF cardinality(words) > {MOST_GROUPS} THEN words := ARRAY['all']; END IF;
  FOREACH word IN ARRAY coalesce(words, ARRAY[]::text[]) LOOP
    PERFORM pg_notify('stemma_decided', word);
    RAISE INFO 'decisions about this are made anew' USING ERRCODE = 'ST001', DETAIL = word;
  END LOOP;
END $$;

CREATE FUNCTION stemma_decided_emptied() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('stemma_decided', 'all');
  RAISE INFO 'decisions are made anew' USING ERRCODE = 'ST001', DETAIL = 'all';
  RETURN NULL;
END $$;
"""

DEPOSIT_OF_FILE = "JOIN repository_datafile f ON f.id = r.data_file_id"
DEPOSIT_OF_MEASUREMENT = "JOIN repository_measurement m ON m.id = r.measurement_id"
DEPOSIT_OF_SIGNAL = (
    "JOIN repository_signal s ON s.id = r.signal_id JOIN repository_measurement m ON m.id = s.measurement_id"
)
# table: (subject of a row r, what joins it, what decides beside the subject, events)
DECIDING = {
    "repository_user": (
        "'user:' || r.id",
        "",
        "r.password, r.role, r.is_superuser, r.is_active",
        "UPDATE DELETE",
    ),
    "repository_apitoken": ("'user:' || r.user_id", "", "r.digest, r.scopes, r.expiry", "UPDATE DELETE"),
    "django_session": ("'session:' || r.session_key", "", "r.session_data, r.expire_date", "UPDATE DELETE"),
    "repository_deposit": ("'deposit:' || r.id", "", "r.owner_id", "UPDATE DELETE"),
    "repository_depositmember": ("'deposit:' || r.deposit_id", "", "r.user_id", "UPDATE DELETE"),
    "repository_datasetversion": (
        "'deposit:' || r.dataset_id",
        "",
        "r.number, r.state, r.access, r.embargo_until",
        "INSERT UPDATE DELETE",
    ),
    "repository_datafile": (
        "'deposit:' || r.deposit_id",
        "",
        "r.id, r.path, r.state, r.sha256, r.size, r.media_type, r.left_out_at",
        "UPDATE DELETE",
    ),
    "repository_upload": (
        "'deposit:' || f.deposit_id",
        DEPOSIT_OF_FILE,
        "r.id, r.size, r.completed_at, r.declared_sha256",
        "UPDATE DELETE",
    ),
    "repository_measurement": ("'deposit:' || r.deposit_id", "", "", "DELETE"),
    "repository_signal": (
        "'deposit:' || m.deposit_id",
        DEPOSIT_OF_MEASUREMENT,
        "r.id, r.name, r.converted_at",
        "UPDATE DELETE",
    ),
    "repository_arrayobject": (
        "'deposit:' || m.deposit_id",
        DEPOSIT_OF_SIGNAL,
        "r.id, r.kind, r.key, r.sha256, r.size",
        "UPDATE DELETE",
    ),
    "repository_product": (
        "'deposit:' || m.deposit_id",
        DEPOSIT_OF_MEASUREMENT,
        "r.id, r.recipe, r.kind, r.sha256, r.size, r.media_type",
        "UPDATE DELETE",
    ),
}
_EVENTS = {
    "INSERT": "NEW TABLE AS new_rows",
    "UPDATE": "OLD TABLE AS old_rows NEW TABLE AS new_rows",
    "DELETE": "OLD TABLE AS old_rows",
}


def _select_touched(event: str, subject: str, joins: str, deciding: str) -> str:
    if event != "UPDATE":
        rows = "new_rows" if event == "INSERT" else "old_rows"
        return f"SELECT {subject} AS subject FROM {rows} r {joins}"
    old, new = (
        f"SELECT {subject} AS subject, {deciding} FROM {rows} r {joins}" for rows in ("old_rows", "new_rows")
    )
    return f"SELECT subject FROM ({old} EXCEPT {new}) gone UNION SELECT subject FROM ({new} EXCEPT {old}) come"


def write_function(parts: Sequence[str], table: str, event: str) -> str:
    """Return the function behind a trigger; a later migration by which more columns decide replaces it."""
    subject, joins, deciding, _ = parts
    touched = _select_touched(event, subject, joins, deciding)
    return f"""
CREATE OR REPLACE FUNCTION {_name_function(table, event)} RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM stemma_tell_decided((SELECT array_agg(DISTINCT touched.subject) FROM ({touched}) touched));
  RETURN NULL;
END $$;
"""


def _name_function(table: str, event: str) -> str:
    return f"stemma_decide_{event.lower()}_{table.removeprefix('repository_')}()"


def _write_trigger(parts: Sequence[str], table: str, event: str) -> str:
    name = f"decide_{event.lower()}"
    return f"""{write_function(parts, table, event)}
CREATE TRIGGER {name} AFTER {event} ON {table} REFERENCING {_EVENTS[event]}
  FOR EACH STATEMENT EXECUTE FUNCTION {_name_function(table, event)};
ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name};
"""


def _drop_trigger(table: str, event: str) -> str:
    return (
        f"DROP TRIGGER decide_{event.lower()} ON {table}; DROP FUNCTION {_name_function(table, event)};"
    )


def write_triggers(deciding: Mapping[str, Sequence[str]]) -> str:
    """Return what lets the tables tell; later migrations add theirs by it."""
    made = [
        _write_trigger(parts, table, event)
        for table, parts in deciding.items()
        for event in parts[3].split()
    ]
    emptied = [
        f"CREATE TRIGGER decide_truncate AFTER TRUNCATE ON {table} FOR EACH STATEMENT"
        f" EXECUTE FUNCTION stemma_decided_emptied(); ALTER TABLE {table} ENABLE ALWAYS TRIGGER decide_truncate;"
        for table in deciding
    ]
    return "".join([*made, *emptied])


def drop_triggers(deciding: Mapping[str, Sequence[str]]) -> str:
    """Return what lets the tables be silent again."""
    made = [_drop_trigger(table, event) for table, parts in deciding.items() for event in parts[3].split()]
    return "".join([*made, *(f"DROP TRIGGER decide_truncate ON {table};" for table in deciding)])


CREATE = write_triggers(DECIDING)
DROP = (
    drop_triggers(DECIDING)
    + "DROP FUNCTION stemma_decided_emptied(); DROP FUNCTION stemma_tell_decided(text[]);"
)


class Migration(migrations.Migration):
    dependencies = [
        ("repository", "0012_mail"),
        ("sessions", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="deposit",
            name="edits_since",
            field=models.PositiveIntegerField(
                default=1,
                db_default=1,
                help_text="Every edit that came after this revision is kept.",
            ),
        ),
        # What was written before is not known edit by edit.
        migrations.RunSQL(
            "UPDATE repository_deposit SET edits_since = revision", reverse_sql=migrations.RunSQL.noop
        ),
        migrations.CreateModel(
            name="DepositEdit",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "revision",
                    models.PositiveIntegerField(help_text="The revision that the edit made."),
                ),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "changes",
                    models.JSONField(
                        help_text="[{pointer, old, new}]; what is absent there was absent in the document."
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="edits",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "deposit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="edits",
                        to="repository.deposit",
                    ),
                ),
            ],
            options={
                "ordering": ["deposit", "revision"],
                "constraints": [
                    models.UniqueConstraint(fields=("deposit", "revision"), name="deposit_edit_once")
                ],
            },
        ),
        migrations.RunSQL([TELL, CREATE], reverse_sql=[DROP]),
    ]
