from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("observations", "0003_count_keys")]

    operations = [
        migrations.AddField("segment", "flows", models.PositiveIntegerField(default=0)),
    ]
