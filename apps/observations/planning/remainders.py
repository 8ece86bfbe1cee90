"""What foreign sources sent to ports: what all sent, less what those of the few other regions did. That is two small questions in place
of one about every port of some 250 regions."""

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple, TypeVar

from apps.common import regions
from apps.observations.figures import Dimension
from apps.observations.models import Slice
from apps.observations.planning.asks import Ask
from apps.observations.planning.together import together
from apps.observations.storage.cells import less
from apps.observations.storage.columns import Frame, take

Answer = TypeVar("Answer")


class Remainder(NamedTuple):
    """The same of sources everywhere, and of those that are to be left out."""

    everywhere: Ask
    left_out: Ask

    def answers(self, answer: Callable[[Ask], Answer]) -> tuple[Answer, Answer]:
        """Both, looked for together."""
        found = together(lambda: answer(self.everywhere), lambda: answer(self.left_out))
        return found[0], found[1]

    def sums(self, name: str, answer: Callable[[Ask], Frame], keys: tuple[str, str] = ("key", "bin")) -> Frame:
        """Sums of cells that add up over regions."""
        found = less(*self.answers(answer), name, keys)
        return take(found, found[name] > 0)


def remainder_of(ask: Ask) -> Remainder | None:
    """None where regions are told apart, or no count answers."""
    if ask.needs_rows or not ask.other_regions or ask.regions is not None or ask.slice is not Slice.PORT_REGION:
        return None
    if ask.is_per_sensor or ask.is_by(Dimension.REGION, Dimension.ORIGIN):
        return None
    everywhere = replace(ask.selection, origin=None)
    left_out = replace(everywhere, regions=tuple(regions.decode(region) for region in ask.other_regions))
    return Remainder(replace(ask, selection=everywhere), replace(ask, selection=left_out))
