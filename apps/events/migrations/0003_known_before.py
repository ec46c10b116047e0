"""What workspaces that were opened before already know of people: their identifies, and their first resolution."""

from django.db import migrations

KNOWN_BEFORE = """
    UPDATE workspaces_workspace
    SET versions = jsonb_set(versions, '{current,STATES}', versions -> 'current' -> 'ACTIVITY')
    WHERE versions -> 'current' ? 'ACTIVITY';

    INSERT INTO audience_identityalias (workspace_id, anonymous_id, user_id, valid_from, message_id, recorded_at)
    SELECT event.workspace_id, event.anonymous_id, event.user_id, event.occurred_at, '', event.received_at
    FROM events_event AS event JOIN events_eventdefinition AS definition ON definition.id = event.definition_id
    WHERE definition.name = '$identify' AND event.user_id IS NOT NULL AND event.anonymous_id IS NOT NULL;

    INSERT INTO workspaces_marker (workspace_id, family, series, version, grain, key, events)
    SELECT DISTINCT workspace_id, 'cause', 'anonymous', 0, '', anonymous_id, 0 FROM audience_identityalias;

    INSERT INTO workspaces_marker (workspace_id, family, series, version, grain, key, subject, events)
    SELECT workspace_id, 'subject', 'user', 0, '', '', ordinal, 0 FROM audience_productuser
    UNION ALL
    SELECT workspace_id, 'subject', 'account', 0, '', '', ordinal, 0 FROM audience_account;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("audience", "0002_people"),
        ("events", "0002_people"),
        ("rollups", "0002_people"),
        ("workspaces", "0002_people"),
    ]

    operations = [migrations.RunSQL(KNOWN_BEFORE, migrations.RunSQL.noop)]
