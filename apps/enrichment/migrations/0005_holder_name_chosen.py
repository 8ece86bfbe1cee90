from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("enrichment", "0004_feature_texts")]

    operations = [
        migrations.AddField(model_name="holder", name="is_name_chosen", field=models.BooleanField(default=False)),
    ]
