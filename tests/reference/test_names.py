import pytest
from django.test import override_settings
from django.urls import reverse
from django.utils.translation import override

from apps.common.ports import PortKey
from apps.reference import names
from apps.reference.models import PortAlias
from apps.reference.names import is_region, port_label, port_name, region_codes, region_label
from tests.cast import client_for


@pytest.fixture(autouse=True)
def fresh_aliases():
    names.forget_aliases()
    yield
    names.forget_aliases()


@pytest.fixture
def ms_sql(db):
    return PortAlias.objects.get_or_create(protocol=6, port=1433, defaults={"name": "ms-sql"})[0]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("port", "label"),
    [
        ("tcp/23", "23/TCP (telnet)"),
        ("tcp/445", "445/TCP (microsoft-ds)"),
        ("tcp/80", "80/TCP (http)"),
        ("tcp/22", "22/TCP (ssh)"),
        ("udp/53", "53/UDP (domain)"),
        ("tcp/6001", "6001/TCP (x11)"),
        ("tcp/37215", "37215/TCP"),
        ("tcp/0", "0/TCP"),
        ("udp/65535", "65535/UDP"),
        ("icmp/8", "Ping (ICMP)"),
        ("icmp/3", "ICMP type 3"),
        ("icmp/3.1", "ICMP type 3 code 1"),
        ("icmp/8.1", "ICMP type 8 code 1"),
        ("icmpv6/128", "Ping (ICMPv6)"),
        ("icmpv6/8", "ICMPv6 type 8"),
        ("ip/47", "IP protocol 47"),
    ],
)
def test_labels_of_ports(port, label):
    with override("en"):
        assert port_label(PortKey.parse(port)) == label


def test_an_alias_takes_the_place_of_the_registered_name(ms_sql):
    assert port_label(PortKey.parse("tcp/1433")) == "1433/TCP (ms-sql)"
    assert port_name(PortKey.parse("udp/1433")) == "ms-sql-s"


def test_labels_take_one_query_for_all(ms_sql, django_assert_num_queries):
    with django_assert_num_queries(1):
        for port in range(2000):
            port_label(PortKey(6, port))


def test_another_process_sees_an_alias_after_a_while(ms_sql, move_clock):
    assert port_name(PortKey(6, 37215)) == ""
    PortAlias.objects.create(protocol=6, port=37215, name="huawei-hg")
    assert port_name(PortKey(6, 37215)) == ""
    move_clock(names.ALIAS_REFRESH_S + 1)
    assert port_name(PortKey(6, 37215)) == "huawei-hg"


@pytest.fixture
def move_clock(monkeypatch):
    """Move the monotonic clock that ages the aliases."""
    now = [1000.0]
    monkeypatch.setattr(names, "monotonic", lambda: now[0])
    names.forget_aliases()
    return lambda seconds: now.__setitem__(0, now[0] + seconds)


def test_an_alias_edited_in_the_admin_shows_at_once(cast):
    assert port_name(PortKey(6, 37215)) == ""
    client = client_for(cast.admin)
    add = reverse("admin:reference_portalias_add")
    assert client.post(add, {"protocol": 6, "port": 37215, "name": "huawei-hg"}).status_code == 302
    assert port_label(PortKey(6, 37215)) == "37215/TCP (huawei-hg)"
    alias = PortAlias.objects.get(port=37215)
    client.post(reverse("admin:reference_portalias_change", args=[alias.pk]), {"protocol": 6, "port": 37215, "name": "hg532"})
    assert port_name(PortKey(6, 37215)) == "hg532"
    client.post(reverse("admin:reference_portalias_delete", args=[alias.pk]), {"post": "yes"})
    assert port_name(PortKey(6, 37215)) == ""


@pytest.mark.parametrize(
    "form",
    [{"protocol": 6, "port": 70000, "name": "x"}, {"protocol": 1, "port": 8, "name": "x"}, {"protocol": 6, "port": 1, "name": "<b>"}],
)
def test_an_alias_that_makes_no_sense_is_refused(cast, form):
    response = client_for(cast.admin).post(reverse("admin:reference_portalias_add"), form)
    assert response.status_code == 200
    assert response.context["errors"]
    assert not PortAlias.objects.filter(name=form["name"]).exists()


@pytest.mark.parametrize("page", ["portalias", "snapshot", "scannerlist"])
def test_only_the_admin_sees_reference_data_in_the_admin(cast, page):
    statuses = {name: client_for(user).get(reverse(f"admin:reference_{page}_changelist")).status_code for name, user in cast.people.items()}
    assert statuses == {name: 200 if name == "admin" else 302 for name in cast.people}


def test_loaded_data_cannot_be_edited_in_the_admin(cast):
    assert client_for(cast.admin).get(reverse("admin:reference_snapshot_add")).status_code == 403


@pytest.mark.parametrize(
    ("code", "english", "japanese"),
    [
        ("JP", "Japan", "日本"),
        ("DE", "Germany", "ドイツ"),
        ("US", "United States", "米国"),
        ("GB", "United Kingdom", "英国"),
        ("HK", "Hong Kong", "香港"),
        ("MO", "Macao", "マカオ"),
        ("TW", "Taiwan", "台湾"),
        ("PS", "Palestine", "パレスチナ"),
        ("MM", "Myanmar", "ミャンマー"),
        ("EU", "Europe (EU)", "欧州"),
        ("AP", "Asia-Pacific (AP)", "アジア太平洋"),
        ("ZZ", "unknown", "地域不明"),
        ("QQ", "QQ", "QQ"),
    ],
)
def test_names_of_regions(code, english, japanese):
    with override("en"):
        assert region_label(code) == english
    with override("ja"):
        assert region_label(code) == japanese


@override_settings(LANGUAGES=[("en-gb", "English")])
def test_a_variant_of_a_language_has_its_names():
    with override("en-gb"):
        assert region_label("JP") == "Japan"


@pytest.mark.parametrize("code", ["JP", "EU", "AP", "ZZ", "XK", "AN"])
def test_codes_of_registries_are_regions(code):
    assert is_region(code)


@pytest.mark.parametrize("code", ["", "jp", "JPN", "XX", "UN", "XA", "EZ", "01"])
def test_other_codes_are_not(code):
    assert not is_region(code)


@pytest.mark.parametrize("language", ["en", "ja"])
def test_regions_are_listed_by_name_with_the_unknown_last(language):
    with override(language):
        codes = region_codes()
        labels = [region_label(code) for code in codes[:-1]]
    assert codes[-1] == "ZZ"
    assert labels == sorted(labels)
    assert all(is_region(code) for code in codes)
    assert len(codes) > 245
