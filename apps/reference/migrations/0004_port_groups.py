from django.db import migrations, models
from django.db.models import F

import apps.reference.models

# (slug, English, Japanese, pattern, note)
GROUPS = [
    (
        "messenger-udp",
        "102x/103x UDP",
        "102x/103x UDP",
        "udp/1020-1039",
        "Ports on which the Messenger service of old Windows versions answered; pop-up spam was sent to all of them.",
    ),
]


def add(apps, schema_editor):
    model = apps.get_model("reference", "PortGroup")
    names = ("slug", "name_en", "name_ja", "pattern", "note")
    model.objects.bulk_create([model(**dict(zip(names, row, strict=True))) for row in GROUPS], ignore_conflicts=True)


class Migration(migrations.Migration):
    dependencies = [("reference", "0003_scenario_registry")]

    operations = [
        migrations.CreateModel(
            name="PortGroup",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("slug", models.SlugField(max_length=40, verbose_name="short name")),
                ("name_en", models.CharField(max_length=60, verbose_name="name (English)")),
                ("name_ja", models.CharField(max_length=60, verbose_name="name (Japanese)")),
                (
                    "pattern",
                    models.CharField(
                        help_text="Such as udp/1020-1039,tcp/23.",
                        max_length=400,
                        validators=[apps.reference.models._check_pattern],
                        verbose_name="ports",
                    ),
                ),
                ("valid_from", models.DateField(blank=True, null=True, verbose_name="valid from")),
                ("valid_to", models.DateField(blank=True, help_text="The last day, inclusive.", null=True, verbose_name="valid to")),
                ("note", models.TextField(blank=True, max_length=2000, verbose_name="note")),
            ],
            options={
                "verbose_name": "port group",
                "verbose_name_plural": "port groups",
                "ordering": ["slug", models.OrderBy(F("valid_from"), nulls_first=True)],
            },
        ),
        migrations.AddConstraint(
            model_name="portgroup",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("valid_from__isnull", True), ("valid_to__isnull", True), ("valid_to__gte", F("valid_from")), _connector="OR"
                ),
                name="port_group_span",
                violation_error_message="The last day lies before the first.",
            ),
        ),
        migrations.AddConstraint(
            model_name="portgroup",
            constraint=models.UniqueConstraint(fields=("slug", "valid_from"), name="port_group_once", nulls_distinct=False),
        ),
        # People may have edited the groups: going back drops the table with them.
        migrations.RunPython(add, migrations.RunPython.noop),
    ]
