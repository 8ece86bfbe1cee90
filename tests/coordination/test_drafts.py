"""Draft, preview and confirmation: what leaves is what a person was shown, over objections only with a reason."""

import csv
import hashlib
import io
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.conf import settings as django_settings
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.utils import timezone

from apps.common.errors import DomainError
from apps.common.ports import PortKey
from apps.coordination import gate, observation_log
from apps.coordination.models import Evidence, MailStatus, TimelineEntry
from apps.coordination.services import contacts, mail, tickets
from apps.observations.models import Signature
from apps.sensors.models import Exclusion
from tests.coordination import scenes


def send(ticket, by, sha256, **overrides):
    return mail.confirm_and_send(investigation=ticket, by=by, sha256=sha256, overrides=overrides)


def codes(ticket):
    return [finding.code for finding in mail.objections(ticket)]


def test_what_is_sent_is_what_was_shown(cast, ticket):
    draft = scenes.previewed(ticket, cast.coordinator)
    shown = bytes(draft.prepared)
    sent = send(ticket, cast.coordinator, hashlib.sha256(shown).hexdigest())
    assert bytes(sent.message) == shown
    assert (sent.confirmed_by, sent.status, sent.sha256) == (cast.coordinator, MailStatus.QUEUED, hashlib.sha256(shown).hexdigest())
    entry = ticket.timeline.get(kind=TimelineEntry.Kind.CONFIRMED)
    assert entry.data["sha256"] == sent.sha256


def test_an_edit_after_the_preview_takes_the_confirmation_back(cast, ticket):
    draft = scenes.previewed(ticket, cast.coordinator)
    mail.edit_draft(investigation=ticket, by=cast.approver, subject=draft.subject, body=draft.body + "One more line.\n")
    with pytest.raises(DomainError, match="changed since this preview"):
        send(ticket, cast.coordinator, draft.prepared_sha256)


def test_a_preview_of_another_message_confirms_nothing(cast, ticket):
    first = scenes.previewed(ticket, cast.coordinator)
    mail.prepare(investigation=ticket, by=cast.approver)
    with pytest.raises(DomainError, match="changed since this preview"):
        send(ticket, cast.coordinator, first.prepared_sha256)


def test_a_preview_holds_for_an_hour(cast, ticket):
    draft = scenes.previewed(ticket, cast.coordinator)
    with time_machine.travel(timezone.now() + timedelta(minutes=61)), pytest.raises(DomainError, match="over an hour old"):
        send(ticket, cast.coordinator, draft.prepared_sha256)


def test_another_contact_takes_the_draft_back(cast, ticket):
    scenes.previewed(ticket, cast.coordinator)
    contacts.enter(investigation=ticket, by=cast.coordinator, email="noc@isp.invalid", holder="", why="their web page")
    with pytest.raises(DomainError, match="Write the draft first"):
        mail.prepare(investigation=ticket, by=cast.coordinator)


def test_an_edited_draft_keeps_number_and_tlp(cast, ticket):
    draft = mail.write_draft(investigation=ticket, by=cast.coordinator)
    for subject, body in (
        (draft.subject.replace(ticket.number, "2026-999999"), draft.body),
        (draft.subject, "no marking"),
        ("TLP:AMBER", draft.body),
    ):
        with pytest.raises(DomainError):
            mail.edit_draft(investigation=ticket, by=cast.coordinator, subject=subject, body=body)


def test_a_line_break_in_the_subject_makes_no_header(cast, ticket):
    draft = mail.write_draft(investigation=ticket, by=cast.coordinator)
    mail.edit_draft(investigation=ticket, by=cast.coordinator, subject=draft.subject + "\r\nBcc: x@y.invalid", body=draft.body)
    content = mail.prepare(investigation=ticket, by=cast.coordinator).prepared
    assert content is not None
    assert b"\nBcc:" not in bytes(content)


def test_a_draft_needs_a_contact_and_the_names_of_the_sender(cast, known_source, registry, settings):
    registry.answers[known_source] = scenes.FakeInfo(contacts=())
    ticket = scenes.open_ticket(cast.coordinator)
    with pytest.raises(DomainError, match="contact"):
        mail.write_draft(investigation=ticket, by=cast.coordinator)
    registry.answers[known_source] = scenes.FakeInfo()
    scenes.with_contact(ticket, cast.coordinator)
    settings.CSIRT_PREFIX = ""
    with pytest.raises(DomainError, match="CSIRT_PREFIX"):
        mail.write_draft(investigation=ticket, by=cast.coordinator)


def test_a_new_draft_replaces_the_frozen_log_of_the_old_one(cast, ticket):
    for _time in range(3):
        mail.write_draft(investigation=ticket, by=cast.coordinator)
    assert Evidence.objects.count() == 1


def test_a_log_that_a_mail_carries_is_kept(cast, ticket, smtp_server):
    from apps.coordination import delivery

    smtp_server.refusal = "550 no"
    sent = scenes.queued(ticket, cast.coordinator)
    delivery.deliver(sent.pk)
    ticket.refresh_from_db()
    mail.write_draft(investigation=ticket, by=cast.coordinator)
    assert Evidence.objects.filter(pk=sent.evidence_id).exists()
    assert Evidence.objects.count() == 2


def test_the_log_equals_the_flows_and_names_no_sensor(cast, ticket):
    scenes.add_flow(cast.sensor_b, scenes.recently(5), packets=7, source_port=1)
    scenes.add_flow(cast.sensor_b, scenes.recently(5), packets=9, source="203.0.113.200")  # somebody else's
    tickets.open_from_source(by=cast.coordinator, source=scenes.SOURCE, ports=[scenes.TELNET], period=scenes.last_days())
    with connection.cursor() as cursor:
        cursor.execute("UPDATE coordination_host SET period_end = now()")  # so that the newest flow is in
    evidence = mail.write_draft(investigation=ticket, by=cast.coordinator).evidence
    content = bytes(evidence.csv)
    assert content.startswith(b"\xef\xbb\xbf")
    assert hashlib.sha256(content).hexdigest() == evidence.sha256
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT first_seen, host(src), first_src_port, port, packets FROM observations_flow WHERE src = %s ORDER BY 1, 3",
            [scenes.SOURCE],
        )
        flows = cursor.fetchall()
    assert [(row["src_ip"], int(row["src_port"]), int(row["dst_port"]), int(row["packets"])) for row in rows] == [
        flow[1:] for flow in flows
    ]
    assert [datetime.fromisoformat(row["timestamp"]) for row in rows] == [flow[0].replace(microsecond=0) for flow in flows]
    assert all(datetime.fromisoformat(row["timestamp"]) == datetime.fromisoformat(row["timestamp_jst"]) for row in rows)
    assert tuple(rows[0]) == observation_log.COLUMNS
    assert evidence.row_count == len(flows) == 3
    for sensor in (cast.sensor, cast.sensor_a, cast.sensor_b):
        assert sensor.name.encode() not in content


@pytest.mark.parametrize(
    ("cell", "expected"),
    [("=1+1", "'=1+1"), ("+1", "'+1"), ("-1", "'-1"), ("@x", "'@x"), ("\tx", "'\tx"), ("192.0.2.1", "192.0.2.1"), ("", "")],
)
def test_no_cell_is_a_formula(cell, expected):
    assert observation_log.neutral(cell) == expected


def test_a_good_mail_meets_no_objection(cast, ticket):
    scenes.previewed(ticket, cast.coordinator)
    assert codes(ticket) == []


def test_every_objection_needs_a_reason_which_is_kept(cast, registry, ticket):
    registry.answers[scenes.SOURCE] = scenes.FakeInfo(fetched_at=timezone.now() - timedelta(days=8))
    draft = scenes.previewed(ticket, cast.coordinator)
    assert codes(ticket) == ["lookup_old"]
    with pytest.raises(DomainError) as refused:
        send(ticket, cast.coordinator, draft.prepared_sha256, lookup_old="  ")
    assert set(refused.value.fields) == {"lookup_old"}
    sent = send(ticket, cast.coordinator, draft.prepared_sha256, lookup_old="confirmed by telephone today")
    assert sent.overrides["lookup_old"]["reason"] == "confirmed by telephone today"
    assert ticket.timeline.get(kind=TimelineEntry.Kind.OVERRIDE).why == "confirmed by telephone today"


def test_stronger_words_of_a_person_are_an_objection(cast, ticket):
    draft = mail.write_draft(investigation=ticket, by=cast.coordinator)
    mail.edit_draft(
        investigation=ticket, by=cast.coordinator, subject=draft.subject, body=draft.body + "Your host was compromised by an attacker.\n"
    )
    assert codes(ticket) == ["wording"]


def host(**changes):
    good = {
        "address": "192.0.2.1",
        "packets": 3,
        "sensors": 2,
        "hours": 1,
        "last_seen": NOW,
        "is_bogon": False,
        "is_backscatter": False,
        "is_connectionless": False,
        "lookup_at": NOW,
    }
    return gate.HostFacts(**{**good, **changes})


def facts(*hosts, **changes):
    good = {"measured_at": NOW, "measured_at_newest_data": False, "now": NOW, "is_manual_contact": False, "contact_chosen_at": NOW,
            "is_registry_mailbox": False, "is_bounced": False, "strong_words": ()}  # fmt: skip
    return gate.GateFacts(hosts=hosts or (host(),), **{**good, **changes})


NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (facts(), []),
        (facts(host(packets=2)), ["few_packets"]),
        (facts(host(sensors=1)), ["one_sensor_one_hour"]),
        (facts(host(sensors=1, hours=2)), []),
        (facts(host(last_seen=NOW - 14 * DAY)), []),
        (facts(host(last_seen=NOW - 15 * DAY)), ["silent"]),
        (facts(host(last_seen=None)), ["silent"]),
        (facts(host(is_bogon=True)), ["bogon"]),
        (facts(host(is_backscatter=True)), ["backscatter"]),
        (facts(host(is_connectionless=True)), ["connectionless"]),
        (facts(host(lookup_at=None)), ["lookup_missing"]),
        (facts(host(lookup_at=NOW - 8 * DAY)), ["lookup_old"]),
        (facts(host(lookup_at=None), is_manual_contact=True), []),
        (facts(is_manual_contact=True, contact_chosen_at=NOW - 8 * DAY), ["lookup_old"]),
        (facts(is_registry_mailbox=True), ["registry_mailbox"]),
        (facts(is_bounced=True), ["bounced"]),
        (facts(strong_words=("is infected",)), ["wording"]),
        (facts(host(), host(address="192.0.2.2", packets=1, lookup_at=None)), ["few_packets", "lookup_missing"]),
    ],
)
def test_the_gate_objects(given, expected):
    assert [finding.code for finding in gate.check(given)] == expected


def test_silence_on_imported_data_is_counted_from_the_newest_and_says_so():
    old = facts(host(last_seen=NOW - 400 * DAY), measured_at=NOW - 390 * DAY, measured_at_newest_data=True)
    assert gate.check(old) == []
    [finding] = gate.check(facts(host(last_seen=NOW - 420 * DAY), measured_at=NOW - 390 * DAY, measured_at_newest_data=True))
    assert "newest data of this portal" in finding.text
    assert "192.0.2.1" in finding.text


def test_backscatter_on_record_is_an_objection(cast, registry):
    scenes.busy_source([cast.sensor, cast.sensor_a])
    scenes.busy_source([cast.sensor, cast.sensor_a], signature=Signature.BACKSCATTER)
    registry.answers[scenes.SOURCE] = scenes.FakeInfo()
    ticket = scenes.with_contact(scenes.open_ticket(cast.coordinator), cast.coordinator)
    draft = scenes.previewed(ticket, cast.coordinator)
    assert codes(ticket) == ["backscatter"]
    assert draft.evidence.row_count == 2
    assert b"backscatter" not in bytes(draft.evidence.csv)


def test_udp_alone_is_an_objection_and_tcp_beside_it_is_not(cast, registry):
    registry.answers[scenes.SOURCE] = scenes.FakeInfo()
    for port in (PortKey(17, 53), PortKey(6, 53)):
        for hours in (20, 22):
            scenes.add_flow(cast.sensor, scenes.recently(hours), port=port, packets=2)
    for ports, expected in (((PortKey(17, 53),), ["connectionless"]), ((), [])):
        ticket = scenes.open_ticket(cast.coordinator, ports=ports)
        mail.write_draft(investigation=ticket, by=cast.coordinator)
        assert codes(ticket) == expected


@pytest.mark.parametrize("signature", [Signature.BACKSCATTER, Signature.BOGON, Signature.CANARY])
def test_nobody_is_written_to_about_what_says_nothing_of_its_source(cast, registry, signature):
    scenes.busy_source([cast.sensor, cast.sensor_a], signature=signature)
    with pytest.raises(DomainError, match="No packets"):
        scenes.open_ticket(cast.coordinator)


def test_what_is_excluded_from_the_statistics_is_no_line_of_a_log(cast, registry):
    scenes.busy_source([cast.sensor, cast.sensor_a])
    registry.answers[scenes.SOURCE] = scenes.FakeInfo()
    day = scenes.recently(24).astimezone(django_settings.REPORT_TIME_ZONE).date()
    Exclusion.objects.create(sensor=cast.sensor, protocol=6, port=23, first_day=day, last_day=day, reason="test traffic")
    Exclusion.objects.create(sensor=cast.sensor_a, protocol=6, port=445, first_day=day, reason="another port")
    ticket = scenes.open_ticket(cast.coordinator)
    draft = mail.write_draft(investigation=ticket, by=cast.coordinator)
    assert (draft.evidence.row_count, ticket.hosts.get().summary["sensors"]) == (1, 1)


def red(ticket, by):
    mail.write_draft(investigation=ticket, by=by, tlp="TLP:RED")
    return mail.prepare(investigation=ticket, by=by)


def test_a_red_mail_leaves_only_after_another_person_approved_those_bytes(cast, ticket):
    draft = red(ticket, cast.coordinator)
    for approve_first in (False, True):
        if approve_first:
            mail.approve(investigation=ticket, by=cast.approver, sha256=draft.prepared_sha256)
        with pytest.raises(DomainError, match="other than the sender"):
            send(ticket, cast.approver if approve_first else cast.coordinator, draft.prepared_sha256)
    sent = send(ticket, cast.coordinator, draft.prepared_sha256)
    assert (sent.confirmed_by, sent.approved_by) == (cast.coordinator, cast.approver)
    assert ticket.timeline.get(kind=TimelineEntry.Kind.APPROVED).actor == cast.approver


def test_an_approval_is_of_one_preview_and_of_an_approver(cast, ticket):
    draft = red(ticket, cast.coordinator)
    with pytest.raises(PermissionDenied):
        mail.approve(investigation=ticket, by=cast.coordinator, sha256=draft.prepared_sha256)
    with pytest.raises(DomainError, match="changed since"):
        mail.approve(investigation=ticket, by=cast.approver, sha256="0" * 64)
    mail.approve(investigation=ticket, by=cast.approver, sha256=draft.prepared_sha256)
    again = mail.prepare(investigation=ticket, by=cast.coordinator)
    with pytest.raises(DomainError, match="other than the sender"):
        send(ticket, cast.coordinator, again.prepared_sha256)


def test_a_marking_cannot_be_edited_into_another(cast, ticket):
    draft = mail.write_draft(investigation=ticket, by=cast.coordinator)
    for marking in ("TLP:AMBER+STRICT", "TLP:RED"):
        with pytest.raises(DomainError, match="must keep .*TLP:AMBER"):
            mail.edit_draft(investigation=ticket, by=cast.coordinator, subject=draft.subject.replace("TLP:AMBER", marking), body=draft.body)


def test_the_second_of_two_who_edit_one_text_is_told_and_overwrites_nothing(cast, ticket):
    draft = mail.write_draft(investigation=ticket, by=cast.coordinator)
    began = draft.version
    mail.edit_draft(investigation=ticket, by=cast.approver, subject=draft.subject, body=draft.body + "First.\n", version=began)
    with pytest.raises(mail.DraftConflictError):
        mail.edit_draft(investigation=ticket, by=cast.coordinator, subject=draft.subject, body=draft.body + "Second.\n", version=began)
    with pytest.raises(mail.DraftConflictError):
        mail.write_draft(investigation=ticket, by=cast.coordinator, replaces=began)
    ticket.draft.refresh_from_db()
    assert "First." in ticket.draft.body
