from django.db import migrations, models
from django.db.models.functions import MD5, Cast


class Migration(migrations.Migration):
    dependencies = [("rollups", "0004_primary_account")]

    operations = [
        migrations.RemoveConstraint(model_name="rollup", name="rollup_one_open"),
        migrations.AddConstraint(
            model_name="rollup",
            constraint=models.UniqueConstraint(
                *(models.F(name) for name in ("workspace", "series", "version", "grain", "start")),
                MD5(Cast("facets", models.TextField())),
                condition=models.Q(("closed_xid__isnull", True)),
                name="rollup_one_open",
            ),
        ),
    ]
