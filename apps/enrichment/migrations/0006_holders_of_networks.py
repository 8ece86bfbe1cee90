"""Networks of before holders were rows get theirs. Kinds are suggested when the next answer comes, or by the daily job."""

from django.db import migrations


def assign(apps, schema_editor):
    network_model, holder_model = (apps.get_model("enrichment", name) for name in ("Network", "Holder"))
    for network in network_model.objects.filter(administered_by=None).defer("raw", "raw_whois").order_by("pk").iterator():
        defaults = {
            "name": network.holder or network.name,
            "registry": network.registry,
            "handle": network.holder_handle,
            "country": network.country,
            "is_sample": network.is_sample,
        }
        holder, _is_new = holder_model.objects.get_or_create(identity=_identity(network), defaults=defaults)
        network_model.objects.filter(pk=network.pk).update(administered_by=holder)


def _identity(network):
    if network.holder_handle:
        return f"handle:{network.registry}:{network.holder_handle}"
    return f"name:{network.holder}" if network.holder else f"network:{network.start}-{network.end}"


class Migration(migrations.Migration):
    dependencies = [("enrichment", "0005_holder_name_chosen")]

    operations = [migrations.RunPython(assign, migrations.RunPython.noop)]
