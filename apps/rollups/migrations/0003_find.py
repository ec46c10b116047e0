from pathlib import Path

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("audience", "0002_people"),
        ("rollups", "0002_people"),
        ("workspaces", "0002_people"),
    ]

    operations = [
        migrations.RunSQL(
            Path(__file__).with_suffix(".sql").read_text(),
            "DROP FUNCTION rollups_find(bigint, int, json, json)",
        )
    ]
