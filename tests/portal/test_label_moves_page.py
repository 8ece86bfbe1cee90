"""The page of label moves without a browser: terms, blocks, files, and what is refused."""

import csv

import pytest

from tests.analysis.test_labelmoves import constructed
from tests.cast import make_cast
from tests.observations import sightings
from tests.portal.test_map import data_of
from tests.portal.test_pages import BUDGET, queries_of, table_rows, text_of

SPLIT = {"region": "NL", "from": "2020-12-17", "to": "2020-12-27"}


@pytest.fixture(scope="module")
def moved(django_db_setup, django_db_blocker):
    with sightings.kept(django_db_blocker):
        yield constructed(make_cast())


def test_the_page_splits_the_change_and_lists_the_blocks(moved, visit):
    page = text_of(visit(moved.analyst, "/label-moves/", **SPLIT, unit="packets"))
    terms = [row[1] for row in table_rows(page, "split")]
    assert terms == ["540", "−650", "+220", "+20", "130"]
    blocks = table_rows(page, "blocks")
    assert len(blocks) == 5
    assert blocks[0][1:] == ["Netherlands", "United Kingdom", "Dec. 17, 2020", "ripencc", "100", "130", "1", "1", "−130"]
    assert "5 (83.3 %) are registered in another region" in page
    assert "A large part of this change" in page
    assert data_of(page, "split-data")["spans"] == [[0, 540], [540, -110], [-110, 110], [110, 130], [0, 130]]


def test_a_unit_that_does_not_split_is_replaced_since_the_navigation_carries_it(moved, visit):
    page = text_of(visit(moved.analyst, "/label-moves/", **SPLIT, unit="sources"))
    assert [row[1] for row in table_rows(page, "split")] == ["54", "−32.50", "−17", "+2", "6.50"]


def test_people_give_the_last_day_of_the_period_before(moved, visit):
    answer = visit(moved.analyst, "/label-moves/", **SPLIT, before_from="2020-12-07", before_through="2020-12-16")
    assert answer.status_code == 302
    assert "before_to=2020-12-17" in answer["Location"]


def test_without_a_region_the_page_says_between_which_regions_addresses_moved(moved, visit):
    page = text_of(visit(moved.analyst, "/label-moves/", **{"from": "2020-12-17", "to": "2020-12-27"}))
    assert [row[:3] for row in table_rows(page, "pairs")] == [["Netherlands", "United Kingdom", "15,360"]]


def test_the_period_before_is_kept_until_a_region_is_chosen(moved, visit):
    late = {"from": "2020-12-24", "to": "2020-12-27"}
    assert 'id="pairs"' in text_of(visit(moved.analyst, "/label-moves/", **late))
    page = text_of(visit(moved.analyst, "/label-moves/", **late, before_from="2020-12-10", before_to="2020-12-13"))
    assert [row[:3] for row in table_rows(page, "pairs")] == [["Netherlands", "United Kingdom", "15,360"]]
    assert 'value="2020-12-10"' in page and 'value="2020-12-12"' in page
    assert "region=NL" in page.split('id="pairs"')[1] and "before_from=2020-12-10" in page.split('id="pairs"')[1]


def test_what_cannot_be_split_is_told_on_the_page_with_its_form(moved, visit):
    answer = visit(moved.analyst, "/label-moves/", region="NL", **{"from": "2019-01-01", "to": "2020-12-27"})
    assert answer.status_code == 400
    assert "more than 400 days" in text_of(answer)
    assert 'name="before_through"' in text_of(answer)


def test_the_terms_come_as_a_file(moved, visit):
    answer = visit(moved.analyst, "/label-moves/terms.csv", **SPLIT, unit="packets")
    lines = list(csv.reader(b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()))
    assert lines[1:] == [["period before", "540.0"], ["change of registered region", "-650.0"], ["change of sensors", "220.0"],
                         ["change of traffic", "20.0"], ["period after", "130.0"]]  # fmt: skip


def test_the_card_warns_where_labels_are_a_large_part(moved, visit):
    assert "A large part of this change" in text_of(visit(moved.analyst, "/label-moves/card/", **SPLIT))
    quiet = text_of(visit(moved.analyst, "/label-moves/card/", **(SPLIT | {"region": "JP"})))
    assert "A large part of this change" not in quiet


def test_the_page_of_a_region_leads_to_the_split_and_fetches_the_card(moved, visit):
    page = text_of(visit(moved.analyst, "/regions/NL/", **{"from": "2020-12-17", "to": "2020-12-27"}))
    link = "?from=2020-12-17&amp;to=2020-12-27&amp;region=NL"
    assert f'href="/label-moves/{link}"' in page
    assert f'hx-get="/label-moves/card/{link}"' in page
    reader = sightings.who_reads_network_counts(moved.partner_a)
    assert "/label-moves/card/" not in text_of(visit(reader, "/regions/NL/", **{"from": "2020-12-17", "to": "2020-12-27"}))


def test_viewers_of_sums_are_told_to_choose_their_sensors(moved, visit):
    reader = sightings.who_reads_network_counts(moved.partner_a)
    answer = visit(reader, "/label-moves/", **SPLIT)
    assert answer.status_code == 400
    assert "80.82.64.0" not in text_of(answer)


def test_the_split_keeps_to_the_query_budget(moved, client):
    client.force_login(moved.coordinator)
    for path in ("/label-moves/", "/label-moves/card/"):
        assert queries_of(client, path, **SPLIT) <= BUDGET
