import django.db.models.deletion
from django.db import migrations, models

# What the columns of stored events are filled with: what a new event's would be. Users whom nothing else names are
# not made.
FILL = """
    UPDATE events_event SET campaign = properties ->> 'campaign'
    WHERE jsonb_typeof(properties -> 'campaign') = 'string'
      AND length(properties ->> 'campaign') BETWEEN 1 AND 200"""
FILL_REFERRALS = """
    UPDATE events_event AS event SET
        link = CASE WHEN jsonb_typeof(properties -> 'message') = 'string'
            AND length(properties ->> 'message') BETWEEN 1 AND 255 THEN properties ->> 'message' END,
        referrer = CASE WHEN jsonb_typeof(properties -> 'referrer') = 'string'
            AND length(properties ->> 'referrer') BETWEEN 1 AND 255 THEN properties ->> 'referrer' END,
        referred_id = (
            SELECT id FROM audience_productuser AS one
            WHERE one.workspace_id = event.workspace_id AND one.external_id = event.properties ->> 'referred_user')
    FROM events_eventdefinition AS definition
    WHERE definition.id = event.definition_id
      AND definition.kind IN ('referral.attributed', 'referral.rejected') AND event.properties <> '{}'"""
# A message has its own id in common with what it led to, whatever else it names.
RELINK = """
    UPDATE events_event AS event SET link = CASE WHEN jsonb_typeof(properties -> 'message_id') = 'string'
        AND length(properties ->> 'message_id') BETWEEN 1 AND 255 THEN properties ->> 'message_id' END
    FROM events_eventdefinition AS definition
    WHERE definition.id = event.definition_id AND definition.kind = 'referral_message.sent'
      AND event.properties ?| array['impression', 'message', 'action_id']"""


class Migration(migrations.Migration):
    dependencies = [("audience", "0002_people"), ("events", "0007_corrections")]

    operations = [
        migrations.AddField(
            model_name="event",
            name="campaign",
            field=models.CharField(max_length=200, null=True),
        ),
        migrations.AlterField(
            model_name="event",
            name="kind",
            field=models.CharField(
                help_text="Of an interaction, such as click, or of a referral.", max_length=200, null=True
            ),
        ),
        migrations.AddField(
            model_name="event",
            name="referred",
            field=models.ForeignKey(
                db_index=False,
                help_text="Whom a referral is of, where the event names somebody beside its user.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="audience.productuser",
            ),
        ),
        migrations.AddField(
            model_name="event",
            name="referrer",
            field=models.CharField(
                help_text="The id of whoever referred them: a user, or a partner.", max_length=255, null=True
            ),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.RunSQL(FILL_REFERRALS, migrations.RunSQL.noop),
        migrations.RunSQL(RELINK, migrations.RunSQL.noop),
        # What the rows just written still have to check comes before the table is changed again.
        migrations.RunSQL("SET CONSTRAINTS ALL IMMEDIATE", migrations.RunSQL.noop),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(
                models.F("referred"),
                condition=models.Q(("referred__isnull", False)),
                name="event_by_referred",
            ),
        ),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(
                models.F("referrer"),
                models.F("workspace"),
                condition=models.Q(("referrer__isnull", False)),
                name="event_by_referrer",
            ),
        ),
    ]
