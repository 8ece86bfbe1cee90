"""What the queue must know of a kind of look-up; everything else is the same for all."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar, Generic, TypeVar

from apps.enrichment.models import QueuedLookup, State

Row = TypeVar("Row", bound=QueuedLookup)
Answer = TypeVar("Answer")
Values = Mapping[str, Any]  # of columns of the look-up's own


class Kind(ABC, Generic[Row, Answer]):
    """One table of look-ups. `lane_field` is the column that says whom a row will ask; `block_field` the one of whose values at
    most one row is under way at once; `unique_columns` together name one row; an answer is fresh for `fresh_for`."""

    name: ClassVar[str]  # in the messages to workers
    model: type[Row]
    lane_field: ClassVar[str]
    block_field: ClassVar[str]
    unique_columns: ClassVar[tuple[str, ...]]
    fresh_for: ClassVar[timedelta] = timedelta(days=30)

    @abstractmethod
    def providers(self) -> Mapping[str, str]:
        """The provider by lane, for every lane there can be: {"apnic": "rdap:apnic"}."""

    def columns(self, addresses: Sequence[str], lane: str) -> dict[str, list[Any]]:
        """The columns of new rows, one value for each address, that have no other default; among them the lane's."""
        return {"address": list(addresses), self.lane_field: [lane] * len(addresses)}

    def queued(self, addresses: Sequence[str]) -> None:
        """These have just been queued, in the same transaction; what is known already may end them."""
        return

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
