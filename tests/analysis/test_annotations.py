"""Annotations: which belong beside a figure, who writes them, and what is refused; by service, API and page."""

from datetime import date, timedelta

import pytest
from django.urls import reverse
from django.utils import translation
from rest_framework.test import APIClient

from apps.accounts.models import AuditEntry
from apps.analysis import annotations
from apps.analysis.annotations import Written, annotations_for
from apps.analysis.models import Annotation
from apps.common.errors import DomainError
from apps.common.periods import Period
from apps.common.ports import PortKey
from apps.observations.figures import Origin, Selection
from apps.sensors.queries import scope_for
from tests.cast import client_for
from tests.observations.test_queries import TOKYO

DAY = date(2023, 1, 18)
pytestmark = pytest.mark.django_db


def api(user):
    client = APIClient(headers={"accept-language": "en"})
    if user is not None:
        client.force_authenticate(user)
    return client


def write(cast, day=DAY, **fields):
    return annotations.add(by=cast.analyst, written=Written(day, **({"text_en": "something"} | fields)))


def beside(cast, first, days, **filters):
    period = Period.of_days(first, first + timedelta(days=days), TOKYO)
    return annotations_for(Selection(scope_for(cast.analyst), period, **filters), cast.analyst)


@pytest.mark.parametrize(
    ("first", "days", "found"), [(DAY, 1, True), (DAY - timedelta(days=1), 1, False), (DAY + timedelta(days=1), 9, False)]
)
def test_a_day_is_shown_in_periods_that_hold_it(cast, first, days, found):
    write(cast)
    assert bool(beside(cast, first, days)) == found


def test_a_span_is_shown_in_periods_that_touch_it(cast):
    write(cast, last_day=DAY + timedelta(days=9))
    assert [bool(beside(cast, DAY + timedelta(days=at), 1)) for at in (-1, 0, 5, 9, 10)] == [False, True, True, True, False]


def test_ports_and_regions_narrow_it(cast):
    write(cast, ports="tcp/37215,udp/1020-1039", regions="nl, GB")
    assert Annotation.objects.get().regions == "NL,GB"
    for filters, found in (
        ({}, True),
        ({"ports": (PortKey.parse("udp/1026"),)}, True),
        ({"groups": ("messenger-udp",)}, True),
        ({"ports": (PortKey.parse("tcp/23"),)}, False),
        ({"regions": ("NL", "JP")}, True),
        ({"regions": ("JP",)}, False),
        ({"origin": Origin.FOREIGN}, True),
        ({"origin": Origin.DOMESTIC}, False),
        ({"ports": (PortKey.parse("tcp/37215"),), "regions": ("JP",)}, False),
    ):
        assert bool(beside(cast, DAY, 1, **filters)) == found, filters


def test_beside_a_figure_they_take_one_query(cast, django_assert_num_queries):
    for number in range(5):
        write(cast, DAY + timedelta(days=number))
    selection = Selection(scope_for(cast.analyst), Period.of_days(DAY, DAY + timedelta(days=9), TOKYO))
    with django_assert_num_queries(1):
        assert [one.day for one in annotations_for(selection, cast.analyst)] == [DAY + timedelta(days=number) for number in range(5)]
    assert annotations_for(selection, cast.partner_a) == annotations_for(selection, cast.anonymous) == []


def test_the_text_is_that_of_the_language_or_the_other(cast):
    both, english = write(cast, text_ja="何か"), write(cast)
    with translation.override("ja"):
        assert (both.text, english.text) == ("何か", "something")
    with translation.override("en"):
        assert both.text == "something"


def test_writing_is_audited(cast):
    made = write(cast)
    annotations.change(annotation=made, by=cast.analyst, written=Written(DAY, text_en="other words"))
    annotations.remove(annotation=made, by=cast.analyst)
    entries = AuditEntry.objects.filter(action__startswith="annotation.").order_by("pk")
    assert [entry.action for entry in entries] == ["annotation.added", "annotation.changed", "annotation.removed"]
    assert entries[1].detail["before"]["text_en"] == "something"
    assert entries[1].detail["after"]["text_en"] == "other words"


@pytest.mark.parametrize("person", ["coordinator", "auditor", "admin", "partner_a"])
def test_only_analysts_write(cast, person):
    made = write(cast)
    for act in (
        lambda: annotations.add(by=cast.people[person], written=Written(DAY, text_en="x")),
        lambda: annotations.change(annotation=made, by=cast.people[person], written=Written(DAY, text_en="x")),
        lambda: annotations.remove(annotation=made, by=cast.people[person]),
    ):
        with pytest.raises(DomainError) as refusal:
            act()
        assert refusal.value.status == 403
    assert Annotation.objects.get().text_en == "something"


WRONG = [
    ({"text_en": ""}, "text_en"),
    ({"text_en": "x" * 301}, "text_en"),
    ({"last_day": "2023-01-17"}, "last_day"),
    ({"day": "1066-10-14"}, "day"),
    ({"day": "soon"}, "day"),
    ({"url": "javascript:alert(1)"}, "url"),
    ({"url": "https://"}, "url"),
    ({"url": "https://example.org/" + "x" * 500}, "url"),
    ({"ports": "23"}, "ports"),
    ({"ports": "tcp/1-65535"}, "ports"),
    ({"ports": "udp/9-1"}, "ports"),
    ({"regions": "Japan"}, "regions"),
    ({"regions": "QQ"}, "regions"),
]  # fmt: skip


@pytest.mark.parametrize(("fields", "wrong"), WRONG)
def test_what_is_wrong_is_named_and_nothing_is_saved(cast, fields, wrong):
    sent = {"day": "2023-01-18", "text_en": "something"} | fields
    answer = api(cast.analyst).post(reverse("api:annotations"), sent, format="json")
    assert (answer.status_code, list(answer.json()["fields"])) == (400, [wrong])
    page = client_for(cast.analyst).post(reverse("portal:annotations"), sent)
    assert page.status_code == 400
    assert f'aria-describedby="annotation-{wrong}-note"' in page.content.decode()
    assert not Annotation.objects.exists()


def test_nul_is_no_text(cast):
    sent = {"day": "2023-01-18", "text_en": "a\0b"}
    assert api(cast.analyst).post(reverse("api:annotations"), sent, format="json").status_code == 400
    assert client_for(cast.analyst).post(reverse("portal:annotations"), sent).status_code == 400


def test_the_api_writes_reads_changes_and_removes(cast):
    client = api(cast.analyst)
    made = client.post(
        reverse("api:annotations"), {"day": "2023-01-18", "text_en": "37215 in the news", "ports": "tcp/37215"}, format="json"
    )
    assert made.status_code == 201
    url = reverse("api:annotation", args=[made.json()["id"]])
    assert client.put(url, {"day": "2023-01-19", "text_ja": "報道"}, format="json").json()["text_en"] == ""
    query = {"from": "2023-01-01", "to": "2023-02-01"}
    [row] = api(cast.auditor).get(reverse("api:annotations"), query).json()["rows"]
    assert (row["day"], row["text_ja"], row["ports"]) == ("2023-01-19", "報道", "")
    table = api(cast.auditor).get(reverse("api:annotations"), query | {"format": "csv"}).content.decode()
    assert "2023-01-19" in table
    assert client.delete(url).status_code == 204
    assert client.get(url).status_code == 404


def test_the_api_is_for_own_staff(cast):
    url, one = reverse("api:annotations"), reverse("api:annotation", args=[write(cast).pk])
    assert [api(user).get(url).status_code for user in (cast.auditor, cast.partner_a, None)] == [200, 404, 401]
    assert [api(user).post(url, {"day": "2023-01-18", "text_en": "x"}).status_code for user in (cast.auditor, cast.partner_a)] == [404, 404]
    assert [api(user).delete(one).status_code for user in (cast.auditor, cast.partner_a)] == [404, 404]
    assert list(api(cast.auditor).get(url, {"groups": "nothing"}).json()["fields"]) == ["groups"]


def test_the_page_adds_changes_and_removes(cast):
    client = client_for(cast.analyst)
    client.post(reverse("portal:annotations"), {"day": "2023-01-18", "text_en": "words", "url": "https://example.org/a"})
    made = Annotation.objects.get()
    page = client.get(reverse("portal:annotations")).content.decode()
    assert 'href="https://example.org/a"' in page and "words" in page
    assert 'value="words"' in client.get(reverse("portal:annotation", args=[made.pk])).content.decode()
    client.post(reverse("portal:annotation", args=[made.pk]), {"day": "2023-01-18", "last_day": "2023-01-20", "text_en": "words"})
    assert Annotation.objects.get().last_day == date(2023, 1, 20)
    client.post(reverse("portal:remove-annotation", args=[made.pk]))
    assert not Annotation.objects.exists()


def test_readers_get_the_page_without_its_form(cast):
    write(cast, text_en="<b>words</b>")
    page = client_for(cast.auditor).get(reverse("portal:annotations")).content.decode()
    assert "&lt;b&gt;words" in page and 'name="text_en"' not in page
    assert client_for(cast.auditor).post(reverse("portal:annotations"), {"day": "2023-01-18", "text_en": "x"}).status_code == 404
    assert client_for(cast.partner_a).get(reverse("portal:annotations")).status_code == 404
