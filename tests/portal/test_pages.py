"""What each page shows, to whom, without a browser: tables, captions, links and CSV are there without JavaScript."""

import json
import re

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.observations.planning import segmentcache
from apps.reference import portgroups
from apps.reference.names import forget_aliases
from tests.portal.scene import JAPANESE, OTHER, PERIOD

PATHS = (
    "/", "/ports/", "/ports/tcp/23/", "/ports/tcp/23/hours/", "/regions/", "/regions/JP/", "/sources/", f"/sources/{JAPANESE}/",
    "/sensors/", "/search/",
)  # fmt: skip
# Queries of a page, signing in included; what begins and ends transactions is left out.
BUDGET = 12


def text_of(response):
    return re.sub(r"\s+", " ", response.content.decode())


def queries_of(client, path, **query):
    with CaptureQueriesContext(connection) as captured:
        assert client.get(path, PERIOD | query).status_code == 200
    return sum(not query["sql"].startswith(("SAVEPOINT", "RELEASE", "SET ")) for query in captured)


def table_rows(page, section):
    body = page.split(f'id="{section}"')[1].split("<tbody>")[1].split("</tbody>")[0]
    return [[plain(cell) for cell in re.findall(r"<t[hd].*?</t[hd]>", row)] for row in body.split("</tr>")[:-1]]


def plain(html):
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


@pytest.mark.parametrize("path", PATHS)
def test_a_page_needs_signing_in(visit, path):
    response = visit(None, path)
    assert response.status_code == 302
    assert response["Location"].startswith("/accounts/login/")


@pytest.mark.parametrize("path", PATHS)
def test_every_person_of_the_cast_can_open_every_page(seen, visit, path):
    for name, user in seen.people.items():
        query = {} if path == "/search/" else PERIOD
        assert visit(user, path, **query).status_code == 200, name


@pytest.mark.django_db
@pytest.mark.parametrize("unit", ["packets", "sources", "sources_per_sensor_day", "packets_per_source"])
@pytest.mark.parametrize("path", [path for path in PATHS if path != "/search/"])
def test_a_page_keeps_to_its_query_budget_with_cold_caches_too(seen, path, unit):
    cache.clear()
    segmentcache.forget()
    forget_aliases()
    portgroups.forget()
    client = Client()
    client.force_login(seen.coordinator)
    for _visit in ("cold", "warm"):
        assert queries_of(client, path, unit=unit) <= BUDGET


def test_the_home_page_ranks_ports_and_regions_with_what_they_rest_on(seen, visit):
    page = text_of(visit(seen.analyst, "/", **PERIOD))
    ports = table_rows(page, "ports")
    assert [row[1] for row in ports] == ["23/TCP (telnet)", "53/UDP (domain)", "445/TCP (microsoft-ds)"]
    assert ports[0][2] == "288"  # three sensors × (1 + … + 14, less the gap's 9)
    assert ports[1][-1] == "100.0 % (almost all from one sensor)"
    assert table_rows(page, "regions")[0][1] == "Japan"


def test_a_figure_says_what_a_reader_must_know(seen, visit):
    page = text_of(visit(seen.analyst, "/ports/tcp/23/", **PERIOD, unit="packets_per_sensor_day", sensors="domestic"))
    caption = page.split("<figcaption")[1].split("</figcaption>")[0]
    assert "Period: March 2, 2026 to March 15, 2026 (Japan time)" in caption
    assert "Unit: mean packets per sensor per day, over 26 covered sensor-days" in caption
    assert "domestic sensors (2)" in caption
    assert "No data: March 10, 2026" in caption
    assert "Region as of Jan. 1, 2010 (RIR delegation data)" in caption
    assert "Counted 20" in caption
    assert "Trend of 23/TCP (telnet) (domestic sensors)" in page


def test_a_gap_is_a_dash_in_the_table_and_null_in_the_chart(seen, visit):
    page = text_of(visit(seen.analyst, "/ports/tcp/23/", **PERIOD))
    rows = dict(table_rows(page, "trend"))
    assert rows["2026-03-10"] == "–"
    assert rows["2026-03-09"] == "24"
    data = json.loads(page.split('id="trend-data" type="application/json">')[1].split("</script>")[0])
    assert data["series"][0]["values"][7:9] == [24, None]
    assert data["spans"][0] == {"from": "2026-03-02", "to": "2026-03-03"}


def test_a_day_of_a_curve_leads_to_the_sources_of_that_day(seen, visit):
    page = text_of(visit(seen.analyst, "/regions/JP/", **PERIOD))
    link = "/sources/?regions=JP&amp;from=2026-03-02&amp;to=2026-03-03"
    assert link in page
    assert JAPANESE in text_of(visit(seen.analyst, link.replace("&amp;", "&")))


def test_the_comparison_draws_the_period_before(seen, visit):
    page = text_of(visit(seen.analyst, "/ports/tcp/23/", **{"from": "2026-03-09", "to": "2026-03-16"}, compare="previous"))
    assert "previous period (March 2, 2026 to March 8, 2026)" in page
    assert {row[0]: row[2] for row in table_rows(page, "trend")}["2026-03-15"] == "21"


def test_nothing_is_new_where_the_previous_period_was_not_watched(seen, visit):
    page = text_of(visit(seen.analyst, "/ports/", **PERIOD))
    assert "change-new" not in page
    assert "no data in the previous period" in text_of(visit(seen.analyst, "/ports/tcp/23/", **PERIOD))


def test_sources_come_page_by_page(seen, visit):
    first = text_of(visit(seen.analyst, "/sources/", **PERIOD, limit="2"))
    assert [row[0] for row in table_rows(first, "sources-title")] == [JAPANESE, OTHER]
    assert "3 in all" in first
    link = re.search(r'href="([^"]+)" rel="next"', first)[1].replace("&amp;", "&")
    assert [row[0] for row in table_rows(text_of(visit(seen.analyst, link)), "sources-title")] == ["2001:db8:1:2::/64"]


def test_sources_of_a_prefix_say_so_in_title_form_and_file(seen, visit):
    page = text_of(visit(seen.analyst, "/sources/", **PERIOD, prefix="198.51.100.0/24", limit="1"))
    assert [row[0] for row in table_rows(page, "sources-title")] == [JAPANESE]
    assert "Source IP addresses (198.51.100.0/24)" in page and "1 in all" in page
    assert re.search(r'name="prefix" value="198.51.100.0/24"', page)
    assert re.search(r'class="chip" href="/sources/\?[^"]*limit=1">198.51.100.0/24', page)
    [link] = re.findall(r'href="(/sources.csv[^"]+)"', page)
    response = visit(seen.analyst, link.replace("&amp;", "&"))
    assert response["Content-Disposition"] == 'attachment; filename="sources-198-51-100-0-24.csv"'
    lines = b"".join(response.streaming_content).decode("utf-8-sig").splitlines()
    assert [line.split(",")[0] for line in lines] == ["source IP address", JAPANESE]


def test_the_next_sources_of_a_prefix_are_of_the_prefix(seen, visit):
    page = text_of(visit(seen.analyst, "/sources/", **PERIOD, prefix="0.0.0.0/0", limit="1"))
    link = re.search(r'href="([^"]+)" rel="next"', page)[1].replace("&amp;", "&")
    page = text_of(visit(seen.analyst, link))
    assert [row[0] for row in table_rows(page, "sources-title")] == [OTHER]
    assert 'rel="next"' not in page  # the IPv6 source is not in it


def test_a_prefix_that_is_none_is_told_in_words(seen, visit):
    for prefix, words in (("198.51.100.7/24", "write 198.51.100.0/24"), ("2001:db8::/65", "longer than /64"), ("x", "is not a prefix")):
        response = visit(seen.analyst, "/sources/", **PERIOD, prefix=prefix)
        assert response.status_code == 400
        assert words in text_of(response)


def test_the_csv_of_sources_holds_them_all(seen, visit):
    response = visit(seen.analyst, "/sources.csv", **PERIOD)
    lines = b"".join(response.streaming_content).decode("utf-8-sig").splitlines()
    assert response["Content-Disposition"] == 'attachment; filename="sources.csv"'
    assert [line.split(",")[0] for line in lines] == ["source IP address", JAPANESE, OTHER, "2001:db8:1:2::/64"]


def test_the_csv_of_a_figure_is_the_same_view(seen, visit):
    page = visit(seen.analyst, "/ports/tcp/23/", **PERIOD, sensors="domestic").content.decode()
    links = [link.replace("&amp;", "&") for link in re.findall(r'href="([^"]+format=csv)"', page)]
    assert len(links) == 2  # all of it came from one region, so no figure by region repeats the trend
    for link in links:
        assert "ports=tcp/23" in link and "sensors=domestic" in link
        assert visit(seen.analyst, link)["Content-Type"].startswith("text/csv")


def test_filters_that_are_on_are_in_titles_and_file_names(seen, visit):
    page = text_of(visit(seen.analyst, "/ports/tcp/23/", **PERIOD, regions="JP", sensors=str(seen.sensor.pk)))
    assert "Trend of 23/TCP (telnet) (Japan, own-tokyo)" in page
    assert 'download="Trend-of-23-TCP-telnet-Japan-own-tokyo.csv"' in page
    page = text_of(visit(seen.analyst, "/regions/", **PERIOD, ports="tcp/23,udp/53,tcp/1,tcp/2,tcp/3", signatures="none"))
    assert "Source regions (23/TCP (telnet), 53/UDP (domain), 1/TCP (tcpmux), 2 more, no known signature)" in page
    name = visit(seen.analyst, "/sources.csv", **PERIOD, ports="tcp/23", regions="JP")["Content-Disposition"]
    assert name == 'attachment; filename="sources-tcp-23-JP.csv"'


def test_a_page_about_a_source_claims_no_filter_that_it_does_not_heed(seen, visit):
    page = text_of(visit(seen.analyst, f"/sources/{JAPANESE}/", **PERIOD, signatures="mirai", unit="sources", sensors="domestic"))
    assert f"Packets from {JAPANESE} by port (domestic sensors)" in page
    assert "Unit: number of packets observed" in page
    assert "without backscatter" not in page  # its signatures are all counted, and listed
    assert '<input type="hidden" name="signatures" value="mirai">' in page  # kept for the pages that heed it
    assert '<input type="hidden" name="unit" value="sources">' in page


def test_a_split_that_would_repeat_the_trend_is_not_drawn(seen, visit):
    page = visit(seen.analyst, "/ports/tcp/23/", **PERIOD, regions="JP").content.decode()
    assert 'id="by-region"' not in page and 'id="regions"' not in page
    page = visit(seen.analyst, "/regions/JP/", **PERIOD, ports="tcp/23").content.decode()
    assert 'id="by-port"' not in page and 'id="ports"' not in page
    assert 'id="by-panel"' in page


def test_curves_that_rest_on_one_sensor_say_so(seen, visit):
    page = text_of(visit(seen.analyst, "/ports/", **PERIOD))
    legend = page.split('class="legend"')[1].split("</ul>")[0]
    notes = [plain(entry) for entry in re.findall(r"<li>.*?</li>", legend)]
    assert notes == ["23/TCP (telnet) 288", "53/UDP (domain) 40 one sensor only", "445/TCP (microsoft-ds) 2 one sensor only"]


def test_the_scale_is_part_of_the_address(seen, visit):
    page = text_of(visit(seen.analyst, "/ports/", **PERIOD))
    link = re.search(r'href="([^"]*scale=log[^"]*)"', page)[1].replace("&amp;", "&")
    assert link.endswith("#trend")
    page = text_of(visit(seen.analyst, link.split("#")[0]))
    assert "number of packets observed, logarithmic scale" in page
    assert '"scale": "log"' in page
    assert "/regions/?from=2026-03-02&amp;to=2026-03-16&amp;scale=log" in page
    assert visit(seen.analyst, "/ports/", scale="cubic").status_code == 400


def test_figures_without_an_answer_of_the_api_have_a_csv_of_their_own(seen, visit):
    def lines(path):
        response = visit(seen.analyst, path, **PERIOD, sensors="all", ports="tcp/23")
        return b"".join(response.streaming_content).decode("utf-8-sig").splitlines()

    assert lines("/regions/JP/panels.csv")[:2] == ["Begins,domestic sensors,overseas sensors", "2026-03-02,2,1"]
    assert lines("/regions/JP/panels.csv")[9] == "2026-03-10,,"  # nobody was watching
    assert lines(f"/sources/{JAPANESE}/timeline.csv")[:2] == ["Begins,23/TCP (telnet)", "2026-03-02,3"]
    assert visit(seen.analyst, "/regions/XX/panels.csv").status_code == 404
    assert visit(seen.analyst, "/regions/JP/panels.csv", sensors="domestic").status_code == 404
    assert visit(None, f"/sources/{JAPANESE}/timeline.csv").status_code == 302


def test_a_source_shows_ports_signatures_region_and_a_number_of_sensors(seen, visit):
    page = text_of(visit(seen.analyst, f"/sources/{JAPANESE}/", **PERIOD))
    assert "3 sensors" in page
    assert table_rows(page, "ports-title")[0] == ["23/TCP (telnet)", "288"]
    assert "Japan" in page
    assert "own-tokyo" not in page.split("</form>")[-1]  # which sensors saw it is told nowhere


def test_only_coordinators_are_offered_a_ticket(seen, visit):
    link = f"/tickets/open/?source={JAPANESE}"
    assert link in visit(seen.coordinator, f"/sources/{JAPANESE}/", **PERIOD).content.decode()
    for user in (seen.analyst, seen.auditor, seen.partner_a):
        assert link not in visit(user, f"/sources/{JAPANESE}/", **PERIOD).content.decode()


def test_partners_learn_nothing_of_holders_or_tickets(seen, visit):
    page = visit(seen.partner_a, f"/sources/{JAPANESE}/", **PERIOD).content.decode()
    assert 'id="holder"' not in page
    assert "/tickets/" not in page
    assert 'id="holder"' in visit(seen.analyst, f"/sources/{JAPANESE}/", **PERIOD).content.decode()


def test_partners_see_their_own_sensor_and_counts_of_it_alone(seen, visit):
    sensors = visit(seen.partner_a, "/sensors/", **PERIOD).content.decode()
    assert "host-osaka" in sensors
    assert "own-tokyo" not in sensors and "host-frankfurt" not in sensors
    assert table_rows(text_of(visit(seen.partner_a, "/ports/", **PERIOD)), "ranking") == [
        ["1", "23/TCP (telnet)", "96", "", "100.0 %", "1", "100.0 %"]
    ]


def test_own_staff_see_all_sensors_by_name_and_how_to_enrol_one(seen, visit):
    page = text_of(visit(seen.analyst, "/sensors/", **PERIOD))
    assert all(name in page for name in ("own-tokyo", "host-osaka", "host-frankfurt"))
    assert "92.9 %" in page  # 13 of 14 days
    assert "manage.py add_sensor" in page
    assert "manage.py add_sensor" not in text_of(visit(seen.partner_a, "/sensors/", **PERIOD))


def test_the_list_of_sensors_holds_the_chosen_ones(seen, visit):
    def listed(sensors):
        page = text_of(visit(seen.analyst, "/sensors/", **PERIOD, sensors=sensors))
        return [row[0] for row in table_rows(page, "content") if row]

    assert listed("overseas") == ["host-frankfurt"]
    assert listed(str(seen.sensor.pk)) == ["own-tokyo"]


def test_what_cannot_be_read_is_a_page_that_names_the_parameter(seen, visit):
    response = visit(seen.analyst, "/", unit="bananas")
    assert response.status_code == 400
    assert "<code>unit</code> must be one of" in text_of(response)
    assert visit(seen.analyst, "/ports/", **{"from": "2026-03-02", "through": "2026-02-31"}).status_code == 400


@pytest.mark.parametrize("path", ["/ports/tcp/99999/", "/ports/gre/1/", "/regions/XX/", "/regions/jp/", "/sources/1.2.3/", "/nowhere/"])
def test_what_does_not_exist_is_a_404_that_helps(seen, visit, path):
    response = visit(seen.analyst, path)
    assert response.status_code == 404
    assert "There is no such page" in text_of(response)


def test_the_submitted_form_leads_to_a_tidy_address(seen, visit):
    response = visit(seen.analyst, "/ports/", **{"from": "2026-03-02", "through": "2026-03-15", "unit": "sources", "sensors": ""})
    assert response["Location"] == "/ports/?from=2026-03-02&unit=sources&to=2026-03-16"


def test_periods_say_when_they_do_not_count_back_from_now(seen, visit):
    assert "Periods count back from March 15, 2026" in text_of(visit(seen.analyst, "/"))


def test_a_port_page_loads_the_hours_of_the_day_as_a_card(seen, visit):
    page = text_of(visit(seen.analyst, "/ports/tcp/23/", **PERIOD, regions="JP"))
    assert 'id="hours" hx-get="/ports/tcp/23/hours/?from=2026-03-02&amp;to=2026-03-16&amp;regions=JP"' in page
    client = Client(headers={"accept-language": "en", "HX-Request": "true"})
    client.force_login(seen.analyst)
    card = text_of(client.get("/ports/tcp/23/hours/", PERIOD | {"regions": "JP"}))
    assert "<html" not in card and "23/TCP (telnet) by hour of the day (Japan)" in card
    rows = dict(table_rows(card, "hours"))
    assert rows["12:00"] == "288 (100.0 %)" and rows["13:00"] == "0 (0.0 %)"


def test_a_period_too_long_for_hours_has_no_such_card(seen, visit):
    long = {"from": "2024-03-02", "to": "2026-03-16", "bin": "week"}
    assert 'id="hours"' not in text_of(visit(seen.analyst, "/ports/tcp/23/", **long))
    assert visit(seen.analyst, "/ports/tcp/23/hours/", **long).status_code == 400
    assert visit(seen.analyst, "/ports/tcp/99999/hours/").status_code == 404
