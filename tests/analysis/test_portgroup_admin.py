"""Administrators edit groups of ports: seen at once, audited, and no two definitions on one day."""

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from apps.accounts.models import AuditEntry
from apps.reference import portgroups
from apps.reference.models import PortGroup
from tests.cast import client_for

pytestmark = pytest.mark.django_db
FORM = {"slug": "telnet", "name_en": "Telnet", "name_ja": "Telnet", "pattern": "tcp/23,tcp/2323", "note": ""}


@pytest.fixture(autouse=True)
def fresh():
    portgroups.forget()
    yield
    portgroups.forget()


def test_an_added_group_is_there_at_once_and_audited(cast):
    assert [group.slug for group in portgroups.all_groups()] == ["messenger-udp"]
    answer = client_for(cast.admin).post(reverse("admin:reference_portgroup_add"), FORM)
    assert answer.status_code == 302
    assert [group.slug for group in portgroups.all_groups()] == ["telnet", "messenger-udp"]
    assert AuditEntry.objects.filter(action="portgroup.added").count() == 1


@pytest.mark.parametrize(
    "wrong", [{"pattern": "23"}, {"slug": "a b"}, {"pattern": "x" * 500}, {"valid_from": "2026-02-01", "valid_to": "2026-01-01"}]
)
def test_what_is_no_group_is_refused(cast, wrong):
    answer = client_for(cast.admin).post(reverse("admin:reference_portgroup_add"), FORM | wrong)
    assert answer.status_code == 200
    assert PortGroup.objects.count() == 1


def test_two_definitions_do_not_hold_on_one_day():
    PortGroup.objects.create(slug="telnet", name_en="1", name_ja="1", pattern="tcp/23", valid_to="2026-01-31")
    later = PortGroup(slug="telnet", name_en="2", name_ja="2", pattern="tcp/23", valid_from="2026-02-01")
    later.full_clean()
    earlier = PortGroup(slug="telnet", name_en="2", name_ja="2", pattern="tcp/23", valid_from="2026-01-31")
    with pytest.raises(ValidationError):
        earlier.full_clean()
