"""When sources were last seen before (docs/decisions/059). The task builds what is there already, oldest month first."""

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('observations', '0010_index_of_waiting_marks'),
    ]

    operations = [
        migrations.CreateModel(
            name='LastSeen',
            fields=[
                ('pk', models.CompositePrimaryKey('network', 'axis', 'month', blank=True, editable=False, primary_key=True, serialize=False)),
                ('network', models.PositiveSmallIntegerField()),
                ('axis', models.PositiveSmallIntegerField()),
                ('month', models.DateField()),
                ('through', models.DateField()),
                ('keys', django.contrib.postgres.fields.ArrayField(base_field=models.IntegerField(), default=list, size=None)),
                ('known_since', django.contrib.postgres.fields.ArrayField(base_field=models.DateField(), default=list, size=None)),
                ('body', models.BinaryField()),
            ],
        ),
        migrations.CreateModel(
            name='Recency',
            fields=[
                ('pk', models.CompositePrimaryKey('network', 'grain', 'axis', 'bucket', 'part', blank=True, editable=False, primary_key=True, serialize=False)),
                ('network', models.PositiveSmallIntegerField()),
                ('grain', models.PositiveSmallIntegerField()),
                ('axis', models.PositiveSmallIntegerField()),
                ('bucket', models.DateTimeField()),
                ('part', models.PositiveSmallIntegerField()),
                ('body', models.BinaryField()),
            ],
        ),
        # The bodies are compressed already.
        migrations.RunSQL(
            "ALTER TABLE observations_recency ALTER body SET STORAGE EXTERNAL;"
            " ALTER TABLE observations_lastseen ALTER body SET STORAGE EXTERNAL",
            migrations.RunSQL.noop,
        ),
    ]
