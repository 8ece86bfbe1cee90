"""What the queue must know of a kind of look-up; everything else is the same for all."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar, Generic, TypeVar

from apps.enrichment.models import QueuedLookup, State

Row = TypeVar("Row", bound=QueuedLookup)
Answer = TypeVar("Answer")
Values = Mapping[str, Any]  # of columns of the look-up's own


class Kind(ABC, Generic[Row, Answer]):
    """One table of look-ups. `lane_field` is the column that says whom a row will ask; `block_field` the one of whose values at
    most one row is under way at once."""

    name: ClassVar[str]  # in the messages to workers
    model: type[Row]
    lane_field: ClassVar[str]
    block_field: ClassVar[str]

    @abstractmethod
    def providers(self) -> Mapping[str, str]:
        """The provider by lane, for every lane there can be: {"apnic": "rdap:apnic"}."""

    def known(self, row: Row) -> State | None:
        """The state in which the row has just been ended by what is known already, so that nobody need be asked."""
        return None

    @abstractmethod
    def ask(self, row: Row) -> Answer:
        """Ask, each query inside `providers.asking`, and not in a transaction. NotYetError where a turn has not come;
        LookupFailedError where there is no answer."""

    @abstractmethod
    def keep(self, row: Row, answer: Answer, now: datetime) -> Values:
        """Store an answer; → the columns of the look-up that point to it. Runs in the transaction that ends the look-up.
        LookupFailedError where the answer will not do."""

    def ended(self, row: Row) -> None:
        """The row, as it stands now, has just been answered or has failed; in the same transaction."""
        return
