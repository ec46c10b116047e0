import django.db.models.deletion
import django.db.models.manager
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("rollups", "0006_find_ids"),
        ("workspaces", "0002_people"),
    ]

    operations = [
        migrations.CreateModel(
            name="Restatement",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("series", models.CharField(max_length=150)),
                ("version", models.IntegerField()),
                ("start", models.DateTimeField(help_text="The UTC instant at which the local day begins.")),
                ("at", models.DateTimeField()),
                (
                    "workspace",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.CASCADE, to="workspaces.workspace"
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "unscoped",
                "default_manager_name": "unscoped",
                "constraints": [
                    models.UniqueConstraint(
                        models.F("workspace"),
                        models.F("series"),
                        models.F("version"),
                        models.F("start"),
                        name="restatement_once",
                    )
                ],
            },
            managers=[
                ("unscoped", django.db.models.manager.Manager()),
            ],
        ),
    ]
