import pytest
from django.contrib.admin.models import LogEntry
from django.urls import reverse
from knox.models import AuthToken

from apps.accounts import services
from apps.accounts.models import AuditEntry, Organisation, Role, User
from apps.sensors.models import SensorKey
from tests.cast import client_for, statuses

PAGES = [
    "accounts_user_changelist", "accounts_user_add", "accounts_organisation_changelist", "accounts_organisation_add",
    "accounts_auditentry_changelist", "knox_authtoken_changelist", "sensors_sensor_changelist", "sensors_sensorkey_changelist",
    "enrichment_lookup_changelist", "enrichment_network_changelist", "index",
]  # fmt: skip


@pytest.mark.parametrize("page", PAGES)
def test_administration_is_for_the_role_admin_alone(cast, page):
    answers = statuses(cast, "get", reverse(f"admin:{page}"))
    assert answers.pop("admin") == 200
    assert set(answers.values()) == {302}


def test_the_door_of_administration_is_the_portals_login_page(cast):
    answers = statuses(cast, "get", reverse("admin:login"))
    assert answers.pop("anonymous") == 302
    assert set(answers.values()) == {404}


def add_user(client, **values):
    password = "a rather long passphrase"
    data = {"username": "new", "usable_password": "true", "password1": password, "password2": password, "language": "en", **values}
    return client.post(reverse("admin:accounts_user_add"), data)


def test_roles_decide_who_may_administer(cast):
    client = client_for(cast.admin)
    for number, (organisation, roles) in enumerate([(cast.own, ["admin"]), (cast.own, ["analyst"]), (cast.organisation_a, ["admin"])]):
        assert add_user(client, username=f"new{number}", organisation=organisation.pk, roles=roles).status_code == 302
    rights = list(User.objects.filter(username__startswith="new").order_by("username").values_list("is_superuser", "is_staff"))
    assert rights == [(True, True), (False, False), (False, False)]
    assert AuditEntry.objects.filter(action="user.added", actor=cast.admin).count() == 3


def test_a_changed_role_is_in_the_audit_log(cast):
    change = reverse("admin:accounts_user_change", args=[cast.analyst.pk])
    data = {"username": "analyst", "organisation": cast.own.pk, "roles": ["analyst", "approver"], "language": "en", "is_active": "on",
            "email": cast.analyst.email}  # fmt: skip
    assert client_for(cast.admin).post(change, data).status_code == 302
    cast.analyst.refresh_from_db()
    assert cast.analyst.roles == [Role.ANALYST, Role.APPROVER]
    assert AuditEntry.objects.get(action="user.changed").detail == {"changes": [{"changed": {"fields": ["roles"]}}]}


def test_an_administrator_cannot_lock_itself_out(cast):
    change = reverse("admin:accounts_user_change", args=[cast.admin.pk])
    client_for(cast.admin).post(change, {"username": "admin", "language": "en", "is_active": "on"})
    cast.admin.refresh_from_db()
    assert cast.admin.is_superuser


def test_a_malformed_region_is_refused(cast):
    data = {"name": "Partner C", "kind": "partner_csirt", "regions": "Japan"}
    response = client_for(cast.admin).post(reverse("admin:accounts_organisation_add"), data)
    assert response.status_code == 200
    assert not Organisation.objects.filter(name="Partner C").exists()


def test_the_audit_log_cannot_be_changed_or_deleted(cast):
    entry = AuditEntry.objects.create(actor_name="system", action="x", target="y")
    client = client_for(cast.admin)
    assert client.post(reverse("admin:accounts_auditentry_delete", args=[entry.pk]), {"post": "yes"}).status_code == 403
    assert client.post(reverse("admin:accounts_auditentry_change", args=[entry.pk]), {"action": "z"}).status_code == 403
    assert client.get(reverse("admin:accounts_auditentry_change", args=[entry.pk])).status_code == 200


def test_keys_are_revoked_from_the_list(cast):
    key = SensorKey.objects.get()
    client = client_for(cast.admin)
    client.post(reverse("admin:sensors_sensorkey_changelist"), {"action": "revoke", "_selected_action": [key.pk]})
    key.refresh_from_db()
    assert key.revoked
    assert AuditEntry.objects.get(action="sensor.key_revoked").actor == cast.admin


def test_sensors_are_edited_but_neither_moved_nor_deleted(cast):
    client = client_for(cast.admin)
    change = reverse("admin:sensors_sensor_change", args=[cast.sensor.pk])
    data = {"name": "own-tokyo", "organisation": cast.own.pk, "country": "JP", "is_overseas": "on", "line_type": "home",
            "address_count": 4, "active_from": "2013-01-01"}  # fmt: skip
    assert client.post(change, data).status_code == 302
    cast.sensor.refresh_from_db()
    assert (cast.sensor.address_count, cast.sensor.is_overseas) == (4, False)
    assert client.post(reverse("admin:sensors_sensor_delete", args=[cast.sensor.pk]), {"post": "yes"}).status_code == 403


def test_revoking_a_token_is_in_the_audit_log_by_its_beginning_alone(cast):
    services.add_token(user=cast.partner_a)
    token = AuthToken.objects.get()
    client = client_for(cast.admin)
    assert client.post(reverse("admin:knox_authtoken_delete", args=[token.pk]), {"post": "yes"}).status_code == 302
    entry = AuditEntry.objects.get(action="token.revoked")
    assert (entry.actor, entry.target, entry.detail) == (cast.admin, "partner_a", {"token_key": token.token_key})
    assert not AuthToken.objects.exists()
    assert token.digest not in str([*AuditEntry.objects.values(), *LogEntry.objects.values()])
