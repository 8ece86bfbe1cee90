"""What no figure can be made of is refused, by every page and call that makes figures, in words that name the limit."""

import re
from html import unescape

import pytest
from django.db import connection

from apps.observations.planning import longreads, reading
from tests.portal.scene import PERIOD
from tests.security import routes

# Pages and calls that read no selection: they ignore what they do not know, or are nobody's to ask.
WITHOUT_SELECTION = {
    "portal:search", "portal:freshness", "portal:computing", "portal:annotations", "portal:annotation", "portal:exclusions",
    "portal:scanners", "portal:add-note", "portal:edit-note", "api:annotation", "api:port-groups", "api:computation", "api:schema",
    "api:docs", "api:host", "api:providers", "portal:feature-sets", "portal:feature-set", "portal:add-feature-set",
    "portal:edit-feature-set", "portal:merges", "portal:holder-merges", "portal:holder-networks", "portal:network",
    "portal:describe-holder", "portal:choose-kind", "portal:merge-holders", "portal:add-holder-contact", "portal:correct-network",
    "portal:add-network-contact",
}  # fmt: skip
FIGURES = [name for name, (method, _answers) in routes.TABLE.items()
           if name.startswith(("portal:", "api:")) and method == "get" and name not in WITHOUT_SELECTION]  # fmt: skip
TEN_YEARS = {"from": "2016-03-16", "to": "2026-03-16"}
# (what is asked, words of the refusal, or of one that says that this is no parameter here)
ABSURD = [
    ({"ports": ",".join(f"tcp/{n}" for n in range(1, 501))}, r"ports.*(200 values|unknown parameter)"),
    ({"regions": "XX"}, r"regions.*('XX' is not a region|unknown parameter)"),
    ({"ports": "tcp/\x0023"}, r"ports.*(cannot be printed|unknown parameter)"),
    ({"por\x00ts": "tcp/23"}, r"por\?ts.*unknown parameter"),
    (TEN_YEARS | {"bin": "hour"}, r"bin.*9000 bins|(bin|from).*unknown parameter|from.*(400|366|3660|\d+) days|day.*is needed"),
    ({"from": "2016-01-01", "to": "2026-03-01"}, r"from.*(3660 days|unknown parameter)"),
    ({"prefix": "198.51.100.7/24"}, r"prefix.*(write 198\.51\.100\.0/24|unknown parameter)"),
    ({"limit": "9" * 400}, r"limit.*(from 1 to \d+|unknown parameter)"),
]


def words_of(response):
    """A refusal in plain words: of a page's main part, or of the answer's fields."""
    if response["Content-Type"].startswith("application/json"):
        return "; ".join(f"{name}: {text}" for name, text in response.json()["fields"].items())
    main = re.search(r"<main.*</main>", response.content.decode(), re.DOTALL)
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", main[0]))) if main else ""


@pytest.mark.parametrize("name", FIGURES)
def test_absurd_questions_are_refused_with_the_limit_in_words(portal, db, name):
    client = portal.client_of("coordinator")
    needed = {"region": "JP"} if name.endswith("label-moves") else {}
    for query, words in ABSURD:
        response = client.get(portal.url(name), needed | query)
        assert response.status_code == 400, query
        assert re.search(words, words_of(response)), (query, words_of(response))


VIEWS = [("portal:explorer", {"split": "port"}), ("portal:ports", {}), ("portal:sources", {}), ("api:series", {}), ("api:sources", {})]


@pytest.mark.parametrize(("name", "query"), VIEWS)
def test_a_question_that_takes_too_long_ends_in_words(portal, db, name, query, monkeypatch):
    """Not the database's error: every statement of the view has less time than this one takes."""
    monkeypatch.setattr(reading, "STATEMENT_TIMEOUT_MS", 30)

    def slow(execute, sql, *rest):
        if "observations_" in sql:
            execute("SELECT pg_sleep(5)", [], *rest[1:])
        return execute(sql, *rest)

    with connection.execute_wrapper(slow):
        response = portal.client_of("coordinator").get(portal.url(name), PERIOD | query)
    assert response.status_code == 503
    assert "too long" in (response.json()["message"] if name.startswith("api:") else words_of(response))


@pytest.mark.parametrize("name", ["portal:sources", "portal:csv-sources", "api:sources"])
def test_a_question_that_reads_too_much_is_refused(portal, db, name, monkeypatch):
    for name_of_limit in ("PAGE_ROWS", "JOB_ROWS"):
        monkeypatch.setattr(longreads, name_of_limit, 1)
    response = portal.client_of("coordinator").get(portal.url(name), PERIOD)
    assert response.status_code == 400
    assert re.search(r"from.*more than 1 stored rows", words_of(response))
