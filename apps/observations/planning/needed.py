"""What is raised where a request needs more segment rows than it may read, and what would have to be read."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from apps.common.errors import DomainError

if TYPE_CHECKING:
    from apps.observations.planning.rowspecs import RowSpec


@dataclass(frozen=True)
class LongRead:
    """Rows to be read ahead: those of a spec, on these reporting days, summed to `columns` beside key and bin (None: all
    rows with all columns)."""

    spec: "RowSpec"
    days: tuple[date, ...]
    columns: tuple[str, ...] | None


class NeedsComputationError(DomainError):
    """The answer needs rows that a worker has to read first; who turns it into an answer starts that."""

    status = 202
    code = "computing"

    def __init__(self, reads: Iterable[LongRead]) -> None:
        super().__init__(_("This view is being computed. Ask for it again when that is done."))
        self.reads = tuple(dict.fromkeys(reads))

    @classmethod
    def of_all(cls, errors: "Iterable[NeedsComputationError]") -> "NeedsComputationError":
        """One for what several questions need."""
        return cls(read for error in errors for read in error.reads)
