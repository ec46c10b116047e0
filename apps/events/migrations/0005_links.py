from django.db import migrations, models

# What the column of stored events is filled with: what a new event's would be.
FILL = """
    UPDATE events_event SET kind = properties ->> 'kind'
    WHERE jsonb_typeof(properties -> 'kind') = 'string' AND length(properties ->> 'kind') BETWEEN 1 AND 200"""


class Migration(migrations.Migration):
    dependencies = [("events", "0004_messages_and_prompts")]

    operations = [
        migrations.AddField(
            model_name="event",
            name="kind",
            field=models.CharField(help_text="Of an interaction, such as click.", max_length=200, null=True),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(
                models.F("link"),
                models.F("workspace"),
                models.F("definition"),
                models.F("occurred_at"),
                condition=models.Q(("link__isnull", False)),
                name="event_by_link",
            ),
        ),
    ]
