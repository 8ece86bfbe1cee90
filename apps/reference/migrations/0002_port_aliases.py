from django.db import migrations

ALIASES = [(6, 1433, "ms-sql")]  # (protocol, port, name)


def add(apps, schema_editor):
    rows = [{"protocol": protocol, "port": port, "name": name} for protocol, port, name in ALIASES]
    model = apps.get_model("reference", "PortAlias")
    model.objects.bulk_create([model(**row) for row in rows], ignore_conflicts=True)


class Migration(migrations.Migration):
    dependencies = [("reference", "0001_delegations_and_names")]
    # People may have edited the aliases: going back leaves them.
    operations = [migrations.RunPython(add, migrations.RunPython.noop)]
