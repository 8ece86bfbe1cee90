"""The map without a browser: classes of colour, table, links, regions without a shape, and what is refused."""

import json
from pathlib import Path

import pytest
from django.test import Client

from apps.portal import maps
from apps.portal.mapclasses import NEW, Steps, amounts, change
from tests.portal.scene import PERIOD
from tests.portal.test_pages import BUDGET, queries_of, table_rows, text_of

ATLAS = Path(__file__).parents[2] / "static" / "vendor" / "atlas-50m.json"


def data_of(page: str, name: str):
    return json.loads(page.split(f'id="{name}" type="application/json">')[1].split("</script>")[0])


def test_every_shape_of_the_atlas_has_its_region_and_every_region_its_shape():
    atlas = json.loads(ATLAS.read_text())
    numbers = {shape.get("id") for shape in atlas["objects"]["countries"]["geometries"]} - {None}
    assert set(maps.shapes().values()) == numbers
    assert (maps.shapes()["HK"], maps.shapes()["SG"], maps.shapes()["TW"]) == ("344", "702", "158")


def test_amounts_are_classed_by_powers_of_ten_or_by_thirds_of_them():
    assert amounts([7, 120, 3000, 45_000]) == Steps((1, 10, 100, 1000, 10_000))
    assert [amounts([7, 120, 3000, 45_000]).of(value) for value in (7, 99, 100, 45_000)] == [0, 1, 2, 4]
    assert amounts([2, 40]) == Steps((1, 3, 10, 30))
    assert len(amounts([0.001, 10**9]).bounds) == 7
    assert amounts([0.001, 10**9]).of(0.001) == 0
    assert amounts([]) == Steps(())


def test_changes_are_classed_by_the_words_of_the_glossary():
    assert [change(value, 100) for value in (40, 60, 80, 95, 120, 150, 200)] == list(range(7))
    assert change(5, 0) == change(5, None) == NEW


def test_the_map_shows_every_region_with_a_table_behind_and_names_those_without_a_shape(seen, visit):
    page = text_of(visit(seen.analyst, "/map/", **PERIOD))
    rows = table_rows(page, "map")
    assert rows[0][:2] == ["Japan", "288"]
    assert "Without a shape on this map" in page
    assert ">unknown</a>" in page
    data = data_of(page, "map-data")
    assert data["regions"] == [
        {"shape": "392", "label": "Japan", "text": "288", "url": "/regions/JP/?from=2026-03-02&to=2026-03-16", "colour": "--map-6"}
    ]
    assert "Borders shown are no statement" in page
    assert "format=csv" in page


def test_the_map_tells_the_change_against_the_period_before(seen, visit):
    page = text_of(visit(seen.analyst, "/map/", **{"from": "2026-03-09", "to": "2026-03-16"}, shading="change"))
    (japan,) = data_of(page, "map-data")["regions"]
    assert japan["colour"] == "--shift-6"
    assert "→" in japan["text"]
    assert "Previous period: March 2, 2026 to March 8, 2026" in page
    assert 'name="shading" value="change"' in page  # the form keeps it


@pytest.mark.parametrize(
    ("path", "query"), [("/map/", {"shading": "red"}), ("/map/", {"shade": "change"}), ("/label-moves/", {"region": "QQ"})]
)
def test_what_the_pages_do_not_understand_is_refused(seen, visit, path, query):
    assert visit(seen.analyst, path, **PERIOD, **query).status_code == 400


@pytest.mark.parametrize("unit", ["packets", "sources", "sources_per_sensor_day"])
def test_the_map_keeps_to_the_query_budget(seen, client, unit):
    client.force_login(seen.coordinator)
    assert queries_of(client, "/map/", unit=unit) <= BUDGET


# The region page


def test_a_region_is_set_beside_the_busiest_others_by_port(seen, visit):
    page = text_of(visit(seen.analyst, "/regions/JP/ports/", **PERIOD))
    rows = table_rows(page, "port-mix")
    assert rows[0] == ["Japan", "100.0 %", "0.0 %", "0.0 %", "288"]
    assert rows[1] == ["unknown", "0.0 %", "95.2 %", "4.8 %", "42"]
    assert "Destination ports by source region (Japan, unknown)" in page
    assert "regions=JP,ZZ" in page.split('id="port-mix"')[1]
    card = seen_card(seen, "/regions/JP/ports/")
    assert "<html" not in card
    assert 'id="port-mix"' in card
    assert visit(seen.analyst, "/regions/QQ/ports/").status_code == 404


def seen_card(seen, path):
    client = Client(headers={"accept-language": "en", "HX-Request": "true"})
    client.force_login(seen.analyst)
    return text_of(client.get(path, PERIOD))


def test_a_region_page_tells_the_hours_of_the_day(seen, visit):
    page = text_of(visit(seen.analyst, "/regions/JP/", **PERIOD))
    rows = dict(table_rows(page, "hours"))
    assert rows["12:00"] == "288 (100.0 %)"
    assert "Japan by hour of the day" in page
    assert 'hx-get="/regions/JP/ports/?from=2026-03-02&amp;to=2026-03-16"' in page
    assert 'id="hours"' not in text_of(visit(seen.analyst, "/regions/JP/", **{"from": "2024-03-02", "to": "2026-03-16"}, bin="week"))


def test_a_fixed_panel_is_fixed_in_the_period_before_too(seen, visit):
    """No sensor watched on the tenth, the first day of the period before."""
    query = {"from": "2026-03-13", "to": "2026-03-16", "fixed": "true"}
    assert visit(seen.analyst, "/map/", **query).status_code == 200
    refused = visit(seen.analyst, "/map/", **query, shading="change")
    assert refused.status_code == 400
    assert "no sensor was covered on all 6 days" in text_of(refused)
