"""What the page of one source holds besides its packets: notes of own staff and what the registries' files said over time."""

from datetime import UTC, date, datetime

import pytest

from apps.accounts.models import AuditEntry
from apps.analysis import sourcenotes
from apps.analysis.models import SourceNote
from apps.common.errors import DomainError
from apps.common.regions import encode
from apps.common.sourcekeys import from_address
from apps.enrichment.models import Lookup, Network, State
from apps.reference.delegations import history_of
from apps.reference.models import Delegation, DelegationStatus, Registry
from tests.cast import client_for
from tests.portal.scene import JAPANESE, PERIOD
from tests.portal.test_pages import BUDGET, queries_of, table_rows, text_of
from tests.reference import tables

pytestmark = pytest.mark.django_db
URL = f"/sources/{JAPANESE}/notes/"


def test_a_note_is_kept_with_author_and_time_and_audited(seen, visit):
    response = client_for(seen.analyst).post(URL, {"text": "<b>Answered</b> the phone."})
    assert response["Location"] == f"/sources/{JAPANESE}/#notes"
    note = SourceNote.objects.get()
    assert (note.address, note.author, note.text) == (JAPANESE, seen.analyst, "<b>Answered</b> the phone.")
    assert AuditEntry.objects.get(action="source_note.added").actor == seen.analyst
    page = text_of(visit(seen.auditor, f"/sources/{JAPANESE}/", **PERIOD))
    assert "&lt;b&gt;Answered&lt;/b&gt; the phone." in page
    assert "</textarea>" not in page  # auditors read


def test_partners_neither_read_nor_write_notes(seen, visit):
    sourcenotes.add(by=seen.coordinator, address=JAPANESE, text="Known to us.")
    assert "Known to us." not in text_of(visit(seen.partner_a, f"/sources/{JAPANESE}/", **PERIOD))
    assert client_for(seen.partner_a).post(URL, {"text": "mine"}).status_code == 404
    assert client_for(seen.auditor).post(URL, {"text": "mine"}).status_code == 404
    assert SourceNote.objects.count() == 1


@pytest.mark.parametrize("text", ["", "  \x00 ", "x" * 2001])
def test_what_is_no_note_changes_nothing(seen, text):
    with pytest.raises(DomainError):
        sourcenotes.add(by=seen.analyst, address=JAPANESE, text=text)
    client_for(seen.analyst).post(URL, {"text": text})
    assert not SourceNote.objects.exists() and not AuditEntry.objects.filter(action="source_note.added").exists()


def test_a_note_is_on_the_whole_prefix_of_an_ipv6_source(seen):
    sourcenotes.add(by=seen.analyst, address="2001:db8:1:2::3", text="A host that rotates.")
    assert [note.text for note in sourcenotes.notes_on(seen.analyst, "2001:db8:1:2:aaaa::/64")] == ["A host that rotates."]
    assert sourcenotes.notes_on(seen.partner_a, "2001:db8:1:2::3") == []


def test_no_note_on_what_is_no_address(seen):
    assert client_for(seen.analyst).post("/sources/1.2.3/notes/", {"text": "x"}).status_code == 404


def test_the_region_over_time_comes_from_the_dated_files(seen, visit):
    Delegation.objects.filter(start_key=from_address("198.51.100.0")).update(valid_to=date(2026, 3, 9))
    Delegation.objects.create(
        registry=Registry.RIPENCC, start_key=from_address("198.51.100.0"), end_key=from_address("198.51.100.127"), region=encode("NL"),
        status=DelegationStatus.ALLOCATED, valid_from=date(2026, 3, 9),
    )  # fmt: skip
    assert [(one.record.region, one.record.as_of, one.until) for one in history_of(JAPANESE)] == [
        ("JP", date(2010, 1, 1), date(2026, 3, 9)),
        ("NL", date(2026, 3, 9), None),
    ]
    rows = table_rows(
        text_of(visit(seen.partner_a, f"/sources/{JAPANESE}/", **PERIOD)).split('id="region-title"')[1].join(['id="x"', ""]), "x"
    )
    assert rows[0] == ["Japan", "Jan. 1, 2010", "March 9, 2026", "APNIC", "198.51.100.0 – 198.51.100.255"]
    assert rows[1][0] == "Netherlands"


def test_reserved_keys_were_never_delegated():
    assert history_of("::1") == ()
    with pytest.raises(ValueError, match="nonsense"):
        history_of("nonsense")


ROUTED = {"198.51.100.0/24": "64500", "198.51.100.0/28": "64501_64500", "2001:db8::/32": "64500"}


def test_the_as_of_the_newest_packet_is_shown_to_all_with_prefix_and_date(seen, visit):
    tables.load(date(2026, 3, 1), ROUTED)
    tables.load(date(2026, 6, 1), {"198.51.100.0/24": "64502"})  # long after
    for person in (seen.analyst, seen.partner_a):
        page = text_of(visit(person, f"/sources/{JAPANESE}/", **PERIOD)).split('id="origin"')[1].split("</dl>")[0]
        assert 'href="/as/64501/' in page and 'href="/as/64500/' in page
        assert "198.51.100.0/28" in page and "March 1, 2026" in page and "table of routes: 2026-03-01.dat" in page


def test_where_no_table_covers_it_own_staff_see_what_the_registration_names(seen, visit):
    network = Network.objects.create(
        start="198.51.100.0", end="198.51.100.255", cidrs=["198.51.100.0/24"], handle="N", registry="apnic", asn=64511, raw={},
        fetched_at=datetime(2026, 3, 20, tzinfo=UTC),
    )  # fmt: skip
    Lookup.objects.create(address=JAPANESE, block="198.51.100.0/24", state=State.DONE, network=network, fetched_at=network.fetched_at)
    page = text_of(visit(seen.analyst, f"/sources/{JAPANESE}/", **PERIOD))
    assert "AS64511" in page and "registration: APNIC" in page
    other = text_of(visit(seen.partner_a, f"/sources/{JAPANESE}/", **PERIOD))
    assert "AS64511" not in other and "AS number unknown" in other


def test_an_as_has_a_page_of_its_prefixes(seen, visit):
    tables.load(date(2026, 3, 1), ROUTED)
    Network.objects.create(
        start="192.0.2.0", end="192.0.2.255", cidrs=["192.0.2.0/24"], handle="N", holder="Sample <Net>", registry="apnic", asn=64500,
        raw={}, fetched_at=datetime(2026, 3, 20, tzinfo=UTC),
    )  # fmt: skip
    page = text_of(visit(seen.analyst, "/as/64500/", **PERIOD))
    assert table_rows(page, "prefixes-1") == [["198.51.100.0/24", "–"], ["198.51.100.0/28", "AS64501"]]
    assert table_rows(page, "prefixes-2") == [["2001:db8::/32", "–"]]
    assert 'href="/sources/?from=2026-03-02&amp;to=2026-03-16&amp;prefix=198.51.100.0/28"' in page
    assert "Sample &lt;Net&gt;" in page
    assert "Sample" not in text_of(visit(seen.partner_a, "/as/64500/", **PERIOD))
    assert queries_of(client_for(seen.analyst), "/as/64500/", **PERIOD) <= BUDGET
    assert "announced no such prefix" in text_of(visit(seen.analyst, "/as/64496/", **PERIOD))


def test_without_a_table_the_page_of_an_as_says_so(seen, visit):
    assert "No table of routes is loaded" in text_of(visit(seen.partner_a, "/as/64500/", **PERIOD))


@pytest.mark.parametrize("number", ["0", "4294967296", "x"])
def test_what_is_no_as_has_no_page(seen, visit, number):
    assert visit(seen.analyst, f"/as/{number}/").status_code == 404
