import hashlib
import json
import uuid
from typing import Any

from django.db import migrations, models

TEXTS = (
    *("corrects", "share_type", "share_scope", "channel", "source_channel", "object_type", "feature", "template"),
    *("prompt", "placement", "variant", "platform", "kind", "campaign", "status"),
)
FLAGS = ("is_error", "message_customized", "viewable")
KINDS = {
    "event.corrected": dict.fromkeys(TEXTS, "string") | dict.fromkeys(FLAGS, "boolean"),
    "event.voided": {"corrects": "string"},
}
# A name that was sent before anybody knew of it says from now on what it means.
DEFINE = """
    INSERT INTO events_eventdefinition
        (workspace_id, name, kind, is_activity, is_planned, description, constants, columns, types)
    SELECT id, %(kind)s, %(kind)s, false, true, '', '{}', '{}', %(types)s FROM workspaces_workspace
    ON CONFLICT (workspace_id, name) DO UPDATE SET kind = excluded.kind, is_planned = true, types = excluded.types
    WHERE NOT events_eventdefinition.is_planned"""
TYPES = """
    UPDATE events_eventdefinition SET types = '{"is_error": "boolean"}' || types
    WHERE name = 'share.retracted'"""
MISTAKES = """
    SELECT event.id, event.workspace_id, event.source, event.properties ->> 'action_id'
    FROM events_eventdefinition AS definition JOIN events_event AS event ON event.definition_id = definition.id
    WHERE definition.kind = 'share.retracted' AND event.is_error
      AND jsonb_typeof(event.properties -> 'action_id') IN ('string', 'number')"""
FILL = "UPDATE events_event SET corrects = %s WHERE id = %s"
# What they say of shares is counted when workers run again.
MARK = """
    INSERT INTO workspaces_marker (workspace_id, family, series, version, grain, key, events)
    VALUES (%s, 'cause', 'corrected', 0, '', %s, 0)"""


def define(_: Any, schema_editor: Any) -> None:
    """The two kinds, in every workspace that there is."""
    with schema_editor.connection.cursor() as cursor:
        for kind, types in KINDS.items():
            cursor.execute(DEFINE, {"kind": kind, "types": json.dumps(types)})
        cursor.execute(TYPES)


def fill(_: Any, schema_editor: Any) -> None:
    """The retractions that say that a share was a mistake, as a new one's row would say it."""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(MISTAKES)
        for pk, workspace_id, source, action_id in cursor.fetchall():
            named = f"action\0{source}\0{action_id}".encode()
            key = uuid.UUID(bytes=hashlib.blake2b(named, digest_size=16).digest())
            cursor.execute(FILL, [key, pk])
            cursor.execute(MARK, [workspace_id, str(key)])


class Migration(migrations.Migration):
    dependencies = [
        ("events", "0006_sessions"),
        ("workspaces", "0002_people"),
    ]

    operations = [
        migrations.AddField(
            model_name="event",
            name="corrects",
            field=models.UUIDField(
                null=True, help_text="Of a correction: the key of the message, or of the action, that it names."
            ),
        ),
        migrations.AddField(
            model_name="event",
            name="voids",
            field=models.BooleanField(
                null=True, help_text="Of a correction: whether what it names never happened."
            ),
        ),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(
                models.F("workspace"),
                models.F("corrects"),
                condition=models.Q(("corrects__isnull", False)),
                name="event_by_correction",
            ),
        ),
        migrations.RunPython(define, migrations.RunPython.noop),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
