import django.db.models.deletion
import django.db.models.manager
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("rollups", "0007_restatement"),
        ("workspaces", "0002_people"),
    ]

    operations = [
        migrations.CreateModel(
            name="Referral",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("version", models.IntegerField()),
                ("subject", models.BigIntegerField(help_text="The ordinal of the user.")),
                ("signed_up_at", models.DateTimeField()),
                ("kind", models.CharField(max_length=200, null=True)),
                ("campaign", models.CharField(max_length=200, null=True)),
                ("source_channel", models.CharField(max_length=200, null=True)),
                ("link", models.CharField(help_text="The message that led to it.", max_length=255, null=True)),
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
                "indexes": [
                    models.Index(
                        models.F("workspace"),
                        models.F("version"),
                        models.F("signed_up_at"),
                        name="referral_by_time",
                    ),
                    models.Index(
                        models.F("link"),
                        models.F("workspace"),
                        models.F("version"),
                        condition=models.Q(("link__isnull", False)),
                        name="referral_by_link",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        models.F("workspace"), models.F("version"), models.F("subject"), name="referral_of_subject"
                    )
                ],
            },
            managers=[
                ("unscoped", django.db.models.manager.Manager()),
            ],
        ),
    ]
