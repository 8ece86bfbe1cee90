"""Print the blocks whose region differs between the maps in force on two days."""

from argparse import ArgumentParser
from datetime import date

import numpy as np
from django.core.management.base import BaseCommand, CommandError

from apps.common.regions import UNKNOWN, encode
from apps.reference.models import REGIONAL
from apps.reference.movedblocks import Blocks, moved, names, origins
from apps.reference.names import is_region
from apps.reference.regions import RegionMap, region_map_for

ZZ = encode(UNKNOWN)


class Command(BaseCommand):
    help = "Print address blocks that changed their region between two days: registry, range, old and new region, snapshot."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("before", type=date.fromisoformat, help="YYYY-MM-DD")
        parser.add_argument("after", type=date.fromisoformat, help="YYYY-MM-DD")
        parser.add_argument("--registry", choices=[registry.label for registry in REGIONAL], help="blocks of this registry only")
        parser.add_argument("--region", help="blocks that left or joined this region only, such as NL")
        parser.add_argument("--between", action="store_true", help="leave out what was delegated first or given back (ZZ)")
        parser.add_argument("--limit", type=int, default=50, help="how many blocks to print, the largest first (default 50)")

    def handle(self, *args: object, before: date, after: date, **options: object) -> None:
        if after <= before:
            raise CommandError("The second day must lie after the first.")
        maps = region_map_for(before), region_map_for(after)
        found = moved(*maps, _region(options["region"]))
        if options["registry"]:
            registries = np.array([registry for registry, _since in origins(found, *maps)])
            found = found.take(np.flatnonzero(registries == options["registry"]))
        if options["between"]:
            found = found.take(np.flatnonzero((found.old != ZZ) & (found.new != ZZ)))
        self._report(found.take(_largest_first(found)), maps, int(str(options["limit"])))

    def _report(self, found: Blocks, maps: tuple[RegionMap, RegionMap], limit: int) -> None:
        known = [f"{source.date}" for one in maps for source in one.sources]
        self.stdout.write(f"{len(found.starts):,} blocks differ. Snapshots: {', '.join(sorted(set(known))) or 'none'}.")
        shown = found.take(np.arange(min(limit, len(found.starts))))
        for (start, end, old, new), (registry, since) in zip(shown.lines(), origins(shown, *maps), strict=True):
            first, last, prefix = names(start, end)
            self.stdout.write(f"{registry:8} {prefix or f'{first} - {last}':42} {old} → {new}  {since or ''}")


def _region(text: object) -> int | None:
    if text is None:
        return None
    code = str(text).upper()
    if not is_region(code):
        raise CommandError(f"{text} is not a region that a registry uses.")
    return encode(code)


def _largest_first(found: Blocks) -> np.ndarray:
    six = found.starts >= np.uint64(1 << 32)
    sizes = (found.ends - found.starts).astype(np.float64)
    return np.lexsort((found.starts, -sizes, six))
