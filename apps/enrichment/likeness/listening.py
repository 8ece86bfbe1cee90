"""Whether the sources of packets to a port listen on that port themselves: listening, not seen, or no data, never two of these."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from apps.common.ports import PortKey
from apps.enrichment.likeness.scans import NEVER, VALID_DAYS, Scans, looked_up, scans_of
from apps.enrichment.likeness.sightings import Ids, Mask, Sightings


class Answer(IntEnum):
    NO_DATA = 0  # no scan within VALID_DAYS of a packet
    NOT_SEEN = 1
    LISTENING = 2


@dataclass(frozen=True)
class Listening:
    """By source: the answer, the ordinal of the day of the scan that gives it (0 where none does), whether anybody was asked, and
    whether an invented profile had a part in it."""

    answers: NDArray[np.int8]
    scanned: Ids
    looked_up: Mask
    is_sample: Mask

    def among(self, wanted: Mask) -> "Listening":
        return Listening(self.answers[wanted], self.scanned[wanted], self.looked_up[wanted], self.is_sample[wanted])

    @property
    def has_sample(self) -> bool:
        return bool(self.is_sample.any())

    @property
    def total(self) -> int:
        return len(self.answers)

    @property
    def asked(self) -> int:
        return int(self.looked_up.sum())

    @property
    def listening(self) -> int:
        return int((self.answers == Answer.LISTENING).sum())

    @property
    def not_seen(self) -> int:
        return int((self.answers == Answer.NOT_SEEN).sum())

    @property
    def with_data(self) -> int:
        return self.listening + self.not_seen

    @property
    def without_data(self) -> int:
        return self.total - self.with_data

    @property
    def share(self) -> float | None:
        """Of the sources with data, None where there are none."""
        return self.listening / self.with_data if self.with_data else None

    @property
    def scan_days(self) -> tuple[int, int] | None:
        """Ordinals of the first and the last day of the scans that gave an answer."""
        days = self.scanned[self.scanned != NEVER]
        return (int(days.min()), int(days.max())) if len(days) else None


def listening_on(port: PortKey, sightings: Sightings) -> Listening:
    """For every source of the sightings. Two queries."""
    return judge(scans_of(sightings.keys, port), sightings, looked_up(sightings.keys))


def judge(scans: Scans, sightings: Sightings, asked: Mask) -> Listening:
    """A port seen open within VALID_DAYS of a packet is *listening*, whatever other scans say; a scan in that time that lacks the
    port is *not seen*. A scan that has the port, but saw it open at another time, says nothing."""
    answers, days = np.zeros(len(sightings.keys), np.int8), np.full(len(sightings.keys), NEVER, np.int64)
    lacks = (scans.seen == NEVER) & (sightings.gaps(scans.at, scans.scanned) <= VALID_DAYS)
    _put(answers, days, scans.at[lacks], scans.scanned[lacks], Answer.NOT_SEEN)
    is_open = (scans.seen != NEVER) & (sightings.gaps(scans.at, scans.seen) <= VALID_DAYS)
    _put(answers, days, scans.at[is_open], scans.seen[is_open], Answer.LISTENING)
    is_sample = np.zeros(len(answers), bool)
    is_sample[scans.at[scans.is_sample & (lacks | is_open)]] = True
    return Listening(answers, days, asked, is_sample)


def _put(answers: NDArray[np.int8], days: Ids, at: Ids, when: Ids, answer: Answer) -> None:
    """The answer for these sources, with the newest day that gives it."""
    answers[at] = answer
    days[at] = NEVER
    np.maximum.at(days, at, when)
