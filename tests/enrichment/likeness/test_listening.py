"""Three answers and never two: listening, not seen, no data."""

from datetime import date, timedelta

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.common import sourcekeys
from apps.common.ports import PortKey
from apps.enrichment.likeness.listening import Answer, listening_on
from apps.enrichment.likeness.sightings import sightings_of
from tests.enrichment.likeness.profiles import add_profile, look_up

pytestmark = pytest.mark.django_db

SSH = PortKey.parse("tcp/22")
SEEN = date(2020, 11, 10)
A, B, C, D = "192.0.2.1", "192.0.2.2", "198.51.100.7", "203.0.113.9"
SIX = "2001:db8:1:2::"


def sightings(*addresses, day=SEEN):
    return sightings_of({day.toordinal(): np.unique(np.array([sourcekeys.from_address(one) for one in addresses], np.uint64))})


def answers(found):
    return [Answer(one) for one in found.answers]


def test_each_source_gets_one_of_three_answers():
    add_profile(A, SEEN + timedelta(3), ["tcp/22", "tcp/80"])
    add_profile(B, SEEN - timedelta(3), ["tcp/80"])
    look_up(C)
    found = listening_on(SSH, sightings(A, B, C, D))
    assert answers(found) == [Answer.LISTENING, Answer.NOT_SEEN, Answer.NO_DATA, Answer.NO_DATA]
    assert (found.total, found.asked, found.with_data, found.listening, found.share) == (4, 3, 2, 1, 0.5)
    assert found.scan_days == ((SEEN - timedelta(3)).toordinal(), (SEEN + timedelta(3)).toordinal())


@pytest.mark.parametrize(("days", "answer"), [(30, Answer.LISTENING), (-30, Answer.LISTENING), (31, Answer.NO_DATA), (-31, Answer.NO_DATA)])
def test_a_scan_counts_within_thirty_days_of_a_packet(days, answer):
    add_profile(A, SEEN + timedelta(days), ["tcp/22"])
    assert answers(listening_on(SSH, sightings(A))) == [answer]


def test_the_port_s_own_scan_decides_when_it_was_open():
    add_profile(A, SEEN, ["tcp/22"], seen=SEEN - timedelta(40))
    assert answers(listening_on(SSH, sightings(A))) == [Answer.NO_DATA]


def test_one_scan_that_found_the_port_open_outweighs_another():
    add_profile(A, SEEN - timedelta(9), ["tcp/22"])
    add_profile(A, SEEN + timedelta(1), ["tcp/80"])
    assert answers(listening_on(SSH, sightings(A))) == [Answer.LISTENING]


def test_the_same_port_of_another_protocol_is_another_port():
    add_profile(A, SEEN, ["udp/22"])
    assert answers(listening_on(SSH, sightings(A))) == [Answer.NOT_SEEN]


def test_days_are_those_of_the_reporting_zone(settings):
    profile = add_profile(A, SEEN + timedelta(31), ["tcp/22"])
    profile.scanned_at = profile.scanned_at.replace(hour=14)  # 23:00 in Tokyo, still the 31st day
    profile.save()
    profile.services.update(seen_at=profile.scanned_at)
    assert answers(listening_on(SSH, sightings(A))) == [Answer.NO_DATA]
    profile.services.update(seen_at=profile.scanned_at - timedelta(days=1))
    assert answers(listening_on(SSH, sightings(A))) == [Answer.LISTENING]


def test_ipv6_sources_have_profiles_too():
    add_profile(SIX, SEEN, ["tcp/22"], sample=True)
    found = listening_on(SSH, sightings(A, SIX))
    assert answers(found) == [Answer.NO_DATA, Answer.LISTENING]
    assert found.has_sample


def test_two_queries_whatever_the_number_of_sources():
    many = [f"192.0.2.{number}" for number in range(1, 200)]
    for address in many[:20]:
        add_profile(address, SEEN, ["tcp/22"])
    with CaptureQueriesContext(
        connection,
    ) as queries:
        found = listening_on(SSH, sightings(*many))
    assert (len(queries), found.listening, found.total) == (2, 20, 199)


def test_no_sources_at_all():
    found = listening_on(SSH, sightings_of({}))
    assert (found.total, found.share, found.scan_days) == (0, None, None)
