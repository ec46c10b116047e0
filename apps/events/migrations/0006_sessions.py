from django.db import migrations, models

# What the column of stored events is filled with: what a new event's would be.
FILL = """
    UPDATE events_event SET platform = properties ->> 'platform'
    WHERE jsonb_typeof(properties -> 'platform') = 'string'
      AND length(properties ->> 'platform') BETWEEN 1 AND 200"""


class Migration(migrations.Migration):
    dependencies = [("events", "0005_links")]

    operations = [
        migrations.AddField(
            model_name="event",
            name="platform",
            field=models.CharField(max_length=200, null=True),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(
                models.F("session"),
                condition=models.Q(("session__isnull", False)),
                name="event_by_session",
            ),
        ),
    ]
