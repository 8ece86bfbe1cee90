"""Groups of ports, origins and fixed panels on pages: in titles, chips, links and captions; and where keys lead."""

from urllib.parse import unquote

import pytest
from django.utils.html import escape

from apps.observations.figures import Dimension
from apps.portal.keylinks import filters_of, key_url
from tests.portal.scene import PERIOD

pytestmark = pytest.mark.django_db


def text_of(response):
    assert response.status_code == 200
    return unquote(response.content.decode())


def test_filters_that_are_on_are_in_the_title_and_can_be_taken_off(seen, visit):
    page = text_of(visit(seen.analyst, "/ports/", groups="messenger-udp", origin="foreign", fixed="true", **PERIOD_WITHOUT_GAP))
    assert "102x/103x UDP" in page and "foreign sources" in page
    assert "fixed panel" in page and "only those covered on every day" in page
    assert 'name="groups" value="messenger-udp"' in page and 'name="origin" value="foreign"' in page


PERIOD_WITHOUT_GAP = {"from": "2026-03-02", "to": "2026-03-10"}


def test_an_empty_panel_is_a_refusal_in_words(seen, visit):
    response = visit(seen.analyst, "/ports/", fixed="true", **PERIOD)
    assert response.status_code == 400
    assert "3 sensors on 13" in response.content.decode()


def test_the_page_of_a_port_is_about_that_port_alone(seen, visit):
    alone, with_group = (visit(seen.analyst, "/ports/tcp/23/", **PERIOD, **extra) for extra in ({}, {"groups": "messenger-udp"}))
    assert "102x/103x UDP" not in text_of(with_group)
    assert text_of(alone).count("288") == text_of(with_group).count("288") > 0  # 3 sensors × (1 + … + 14 without 9)


@pytest.mark.parametrize(
    ("path", "table", "key", "chip"), [("/ports/tcp/23/", "regions", "JP", "Japan"), ("/regions/JP/", "ports", "tcp/23", "23/TCP (telnet)")]
)
def test_the_number_beside_a_region_or_port_leads_to_the_curve_of_both(seen, visit, path, table, key, chip):
    response = visit(seen.analyst, path, **PERIOD)
    [line] = [line for line in getattr(response.context["page"], table).lines if line.key == key]
    assert f'<a href="{escape(line.value_url)}"' in response.content.decode()
    assert line.value_url.startswith(f"{path}?") and line.value_url.endswith(f"{table}={key}")
    both = visit(seen.analyst, line.value_url).context["page"]
    assert both.facts[0].value == line.value == "288"
    assert [one.label for one in both.filters.chips] == [chip]


@pytest.mark.parametrize("person", ["analyst", "partner_a"])
@pytest.mark.parametrize("query", [{"groups": "nothing"}, {"origin": "mars"}, {"origin": "domestic", "regions": "CN"}, {"fixed": "maybe"}])
def test_what_is_not_understood_is_refused(seen, visit, person, query):
    response = visit(seen.people[person], "/ports/", **PERIOD, **query)
    assert response.status_code == 400
    assert next(iter(query)) in response.content.decode()


class FakeView:
    """What links need of a view."""

    def __init__(self, label="all"):
        self.selection = type("Selection", (), {"scope": type("Scope", (), {"label": label})})

    def url(self, path):
        return path

    def url_here(self, **changes):
        return f"?{changes}"


@pytest.mark.parametrize(
    ("dimension", "key", "scope", "expected"),
    [
        (Dimension.KIND, "group:messenger-udp", "all", {"groups": "messenger-udp", "ports": ""}),
        (Dimension.KIND, "tcp/23", "all", {"ports": "tcp/23", "groups": ""}),
        (Dimension.PORT, "tcp/23", "all", {"ports": "tcp/23", "groups": ""}),
        (Dimension.ORIGIN, "foreign", "all", {"origin": "foreign"}),
        (Dimension.ORIGIN, "unknown", "all", {"regions": "ZZ", "origin": ""}),
        (Dimension.PANEL, "overseas", "all", {"sensors": "overseas"}),
        (Dimension.PANEL, "overseas", "scenario", {"sensors": "scenario-overseas"}),
        (Dimension.PANEL, "overseas", "chosen", None),
        (Dimension.NONE, "", "all", None),
    ],
)
def test_a_key_leads_to_what_belongs_to_it(dimension, key, scope, expected):
    assert filters_of(dimension, key, FakeView(scope)) == expected


def test_a_key_with_a_page_leads_there():
    assert key_url(Dimension.KIND, "tcp/23", FakeView()) == "/ports/tcp/23/"
    assert key_url(Dimension.KIND, "group:messenger-udp", FakeView()).startswith("?")
    assert key_url(Dimension.PANEL, "overseas", FakeView("chosen")) == ""
