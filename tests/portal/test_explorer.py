"""The explorer: every question is an address, every kind of chart has its numbers in the page, and bad questions are refused."""

import json
import re
from datetime import date

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.analysis import annotations
from apps.observations.planning import segmentcache
from apps.portal.explorer.heat import step_of
from apps.portal.explorer.parts import shares_of
from apps.reference.names import forget_aliases
from tests.portal.scene import PERIOD
from tests.portal.test_pages import BUDGET, plain, table_rows, text_of

CHARTS = ("line", "stacked", "share", "multiples", "heat", "profile", "table")
SPLITS = ("", "port", "kind", "region", "origin", "sensor", "panel", "signature")
HALF = {"from": "2026-03-09", "to": "2026-03-16"}


@pytest.fixture
def explore(seen, visit):
    def get(user=None, **query):
        return visit(user or seen.analyst, "/explorer/", **{**PERIOD, **query})

    return get


def data_of(page):
    return json.loads(page.split('id="figure-data" type="application/json">')[1].split("</script>")[0])


def notes_of(page):
    return [plain(note) for note in re.findall(r"<li>.*?</li>", page.split('class="figure-notes"')[1].split("</ul>")[0])]


@pytest.mark.parametrize("split", SPLITS)
@pytest.mark.parametrize("chart", CHARTS)
def test_every_chart_of_every_split_is_a_page(explore, chart, split):
    assert explore(chart=chart, split=split).status_code in (200, 302)
    assert explore(chart=chart, **({"split": split} if split else {})).status_code == 200


@pytest.mark.parametrize(
    "query",
    [{"chart": chart, "split": split} for chart in CHARTS for split in ("port", "kind", "region")]
    + [{"split": "region", "mean": "3", "ratio": "end_start", "compare": "year", "chart": "multiples"}]
    + [{"split": "region", "ports": "tcp/23", "unit": "sources", "ratio": "day_baseline", "day": "2026-03-12"}],
    ids=lambda query: "-".join(query.values()),
)
def test_the_explorer_keeps_to_its_query_budget(seen, query):
    cache.clear()
    segmentcache.forget()
    forget_aliases()
    client = Client()
    client.force_login(seen.coordinator)
    period = {"from": "2026-02-24", "to": "2026-03-16"}
    for _visit in ("cold", "warm"):
        with CaptureQueriesContext(connection) as captured:
            assert client.get("/explorer/", period | query).status_code == 200
        assert sum(not one["sql"].startswith(("SAVEPOINT", "RELEASE", "SET ")) for one in captured) <= BUDGET


def test_curves_and_their_moving_mean(explore):
    page = text_of(explore(ports="tcp/23", mean="3"))
    first, mean = data_of(page)["series"]
    assert first["values"][:4] == [3, 6, 9, 12]
    assert mean["values"][:4] == [None, None, 6, 9]
    assert mean["values"][9] == pytest.approx((24 + 30) / 2)  # 10 March has no data
    assert mean["role"] == "mean"
    assert table_rows(page, "figure")[3] == ["2026-03-05", "12", "9"]


def test_the_last_days_beside_the_first_with_both_windows_drawn(explore):
    page = text_of(explore(ports="tcp/23", ratio="after_before", day="2026-03-10"))
    definition, ratio = notes_of(page)
    assert definition.startswith("After/before: the mean of 10 days from a day on")
    assert "÷" in ratio and "days known" in ratio
    windows = data_of(page)["windows"]
    assert [(one["from"], one["to"], one["label"]) for one in windows] == [
        ("2026-03-10", "2026-03-19", "after"),
        ("2026-02-28", "2026-03-09", "before"),
    ]
    assert windows[1]["mean"] == sum(3 * n for n in range(1, 9)) / 8


def test_windows_of_small_charts_are_drawn_on_their_own(explore):
    query = {"split": "port", "chart": "multiples", "mean": "3", "compare": "previous", "ratio": "after_before", "day": "2026-03-12"}
    data = data_of(text_of(explore(**query)))
    assert [one["panel"] for one in data["windows"]] == [0, 0, 1, 1, 2, 2]
    assert {one["panel"] for one in data["series"] if "role" in one} == {0, 1, 2}


def test_the_windows_of_a_ratio_must_fit_into_the_period(explore):
    period = {"from": "2026-02-24", "to": "2026-03-16"}
    definition, ratio = notes_of(text_of(explore(**period, ports="tcp/23", ratio="end_start")))
    assert definition.startswith("End/start: the mean of the last 10 days")
    above, below = "28.67 (March 6, 2026 to March 15, 2026, 9 days known)", "7.50 (Feb. 24, 2026 to March 5, 2026, 4 days known)"
    assert ratio == f"all: {above} ÷ {below} = 3.82"
    assert explore(**HALF, ratio="end_start").status_code == 400


def test_every_key_beside_itself_in_the_period_before(explore):
    page = text_of(explore(**HALF, split="region", compare="previous"))
    series = data_of(page)["series"]
    assert [one["role"] for one in series if "role" in one] == ["previous"] * (len(series) // 2)
    japan, earlier = series[0]["values"], series[len(series) // 2]["values"]
    assert japan[0] == 24 and earlier[0] == 3
    assert "Japan, previous period" in page
    assert notes_of(page) == ["Thin dotted lines: previous period (March 2, 2026 to March 8, 2026)"]


def test_a_comparison_says_what_it_is_even_where_nothing_is_drawn(explore):
    table = text_of(explore(**HALF, chart="table", split="region", compare="previous"))
    assert notes_of(table) == ["Beside each curve: previous period (March 2, 2026 to March 8, 2026)"]
    nothing = text_of(explore(**HALF, split="region", compare="year"))
    assert notes_of(nothing) == ["No data: a year earlier (March 9, 2025 to March 15, 2025)"]


def test_shares_of_a_day_add_up_with_the_rest(explore):
    page = text_of(explore(chart="share", split="port", top="1"))
    data = data_of(page)
    assert [one["key"] for one in data["series"]] == ["tcp/23", "other"]
    last = [one["values"][-1] for one in data["series"]]
    assert last == pytest.approx([100 * 42 / 84, 100 * 42 / 84])
    assert data["series"][0]["values"][8] is None  # a gap
    assert table_rows(page, "figure")[-1] == ["2026-03-15", "50.0 %", "50.0 %"]
    assert plain(page.split("<tfoot>")[1].split("</tfoot>")[0]) == "Whole period 87.3 % 12.7 %"


def test_small_charts_have_a_canvas_each(explore):
    page = explore(chart="multiples", split="region").content.decode()
    assert page.count("<canvas") == len(data_of(page)["panels"]) >= 2


def test_a_heat_map_is_a_table_of_shares(explore):
    page = text_of(explore(chart="heat"))
    rows = table_rows(page, "figure")
    japan = next(row for row in rows if row[0] == "Japan")
    assert japan[1] == "100.0 %" and japan[-1] == "288"
    assert "heat-7" in page
    assert "/sources/?from=2026-03-02&amp;to=2026-03-16&amp;ports=tcp/23&amp;regions=JP" in page


def test_hours_of_the_day_are_those_of_the_reporting_zone(explore):
    page = text_of(explore(chart="profile", split="port", top="1"))
    assert "Hour (Japan time)" in page
    rows = dict(table_rows(page, "figure"))
    assert rows["12:00"] == "288 (100.0 %)" and rows["13:00"] == "0 (0.0 %)"


def test_a_table_also_ranks(explore):
    page = text_of(explore(chart="table", split="port"))
    assert [row[1] if row[1].startswith(("23", "53", "445")) else row[2] for row in table_rows(page, "ranking")][0] == "23/TCP (telnet)"
    assert "<canvas" not in page


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ({"chart": "pie"}, "chart"),
        ({"split": "colour"}, "split"),
        ({"top": "51"}, "top"),
        ({"mean": "0"}, "mean"),
        ({"mean": "9999"}, "mean"),
        ({"ratio": "best"}, "ratio"),
        ({"ratio": "after_before"}, "day"),
        ({"ratio": "after_before", "day": "2026-02-31"}, "day"),
        ({"chart": "share", "split": "port", "unit": "packets_per_source"}, "unit"),
        ({"chart": "profile", "unit": "packets_per_source"}, "unit"),
        ({"ports": "tcp/23,nonsense"}, "ports"),
        ({"regions": "Atlantis"}, "regions"),
        ({"groups": "no-such-group"}, "groups"),
        ({"colour": "red"}, "colour"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else value,
)
def test_a_question_that_makes_no_sense_is_refused_by_name(explore, query, name):
    response = explore(**query)
    assert response.status_code == 400
    assert f"<code>{name}</code>" in text_of(response)


def test_what_people_type_becomes_a_tidy_address(explore):
    response = explore(ports="23, 53/udp, messenger-udp", regions="Japan, cn")
    assert response.status_code == 302
    assert response["Location"].endswith("?from=2026-03-02&to=2026-03-16&ports=tcp/23,udp/53&regions=JP,CN&groups=messenger-udp")
    page = explore(ports="tcp/23,udp/53", groups="messenger-udp", regions="JP").content.decode()
    assert 'value="tcp/23, udp/53, messenger-udp"' in page


def test_the_form_keeps_the_whole_state(explore):
    query = {"chart": "multiples", "split": "region", "top": "7", "mean": "7", "ratio": "after_before", "day": "2026-03-10",
             "compare": "year", "unit": "sources", "origin": "domestic", "signatures": "mirai"}  # fmt: skip
    page = explore(**query).content.decode()
    form = page.split('<form class="filters-form"')[1].split("</form>")[0]
    chosen = dict(re.findall(r'<select class="form-select" name="(\w+)">.*?value="([\w-]*)" selected', form, re.S))
    assert {name: chosen.get(name) for name in ("chart", "split", "top", "ratio", "compare", "unit", "origin", "signatures")} == {
        name: query[name] for name in ("chart", "split", "top", "ratio", "compare", "unit", "origin", "signatures")
    }
    assert re.search(r'name="mean"\s+value="7"\s+checked', form) and 'name="day" value="2026-03-10"' in form


def test_every_ready_made_view_opens(explore, seen, visit):
    page = explore().content.decode()
    links = re.findall(r'href="([^"]+)"', page.split('class="quick-groups"')[1].split("</details>")[0])
    assert len(links) > 15
    for link in links:
        assert visit(seen.analyst, link.replace("&amp;", "&")).status_code in (200, 400), link


def test_figures_of_other_pages_open_in_the_explorer(seen, visit):
    page = visit(seen.analyst, "/ports/tcp/23/", **PERIOD, sensors="domestic").content.decode()
    links = re.findall(r'href="(/explorer/[^"]+)">', page)
    assert any("ports=tcp/23" in link and "sensors=domestic" in link for link in links)
    for link in links:
        assert visit(seen.analyst, link.replace("&amp;", "&")).status_code == 200
    figure = data_of(visit(seen.analyst, links[-1].replace("&amp;", "&")).content.decode())
    assert figure["series"]


def test_partners_explore_their_own_sensor_alone(seen, explore):
    page = text_of(explore(seen.partner_a, split="port"))
    assert data_of(page)["series"][0]["values"][0] == 1
    assert "own-tokyo" not in text_of(explore(seen.partner_a, split="sensor"))


def test_shares_leave_gaps_and_empty_bins_out():
    assert shares_of([[1, None, 0], [3, None, 0]]) == [[25, None, None], [75, None, None]]


def test_shades_follow_the_root_of_shares():
    assert [step_of(share) for share in (None, 0, 0.001, 0.02, 0.5, 0.74, 1)] == [0, 0, 1, 1, 5, 7, 7]


def test_annotations_are_marks_on_the_chart_and_words_below_it_for_own_staff(seen, explore):
    written = annotations.Written(date(2026, 3, 5), text_en="An advisory", url="https://example.org/a", ports="tcp/23")
    annotations.add(by=seen.analyst, written=written)
    page = text_of(explore(ports="tcp/23"))
    assert data_of(page)["annotations"][0] | {"text": ""} == {"day": "2026-03-05", "label": "1", "text": "", "url": "https://example.org/a"}
    assert notes_of(page) == ["[1] March 5, 2026: An advisory"]
    assert 'href="https://example.org/a"' in page
    assert "An advisory" not in text_of(explore(ports="udp/53"))
    assert "An advisory" not in text_of(explore(seen.partner_a, ports="tcp/23"))


@pytest.mark.parametrize(("chart", "can"), [("line", True), ("multiples", True), ("table", True), ("stacked", False), ("share", False),
                                            ("heat", False), ("profile", False)])  # fmt: skip
def test_a_comparison_is_offered_where_the_chart_draws_it(seen, visit, chart, can):
    page = text_of(visit(seen.analyst, "/explorer/", **PERIOD, chart=chart, compare="previous"))
    assert ('<select class="form-select" name="compare">' in page) == can
    assert ('type="hidden" name="compare" value="previous"' in page) != can  # kept for the next chart
