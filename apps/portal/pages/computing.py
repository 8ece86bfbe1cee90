"""How far the computations are that a view waits for."""

from collections.abc import Sequence
from dataclasses import dataclass

from apps.observations.models import Computation


@dataclass(frozen=True)
class ComputingPage:
    """`done` of `total` days have been read, over all computations."""

    done: int
    total: int
    has_ended: bool
    has_failed: bool
    progress_url: str
    asked: str  # the address that shows the view when it is computed; empty where the page itself has it


def computing_page(found: Sequence[Computation], *, progress_url: str, asked: str) -> ComputingPage:
    return ComputingPage(
        done=sum(one.done for one in found),
        total=sum(one.total for one in found),
        has_ended=not any(one.is_unfinished for one in found),
        has_failed=any(one.state == Computation.State.FAILED for one in found),
        progress_url=progress_url,
        asked=asked,
    )
