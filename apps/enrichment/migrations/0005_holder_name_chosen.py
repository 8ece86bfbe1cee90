from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("enrichment", "0004_feature_texts")]

    operations = [
        migrations.AddField(model_name="holder", name="is_name_chosen", field=models.BooleanField(default=False)),
        migrations.AlterField(
            model_name="correction",
            name="field",
            field=models.CharField(
                choices=[("holder", "holder"), ("name", "name of the network"), ("country", "registered country"), ("asn", "AS number")],
                max_length=10,
                verbose_name="field",
            ),
        ),
    ]
