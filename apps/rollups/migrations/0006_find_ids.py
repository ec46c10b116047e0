from pathlib import Path

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("rollups", "0005_long_facets")]

    operations = [
        migrations.RunSQL(
            Path(__file__).with_suffix(".sql").read_text(),
            "DROP FUNCTION rollups_find(bigint, int, json, json, text)",
        )
    ]
