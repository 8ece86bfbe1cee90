"""Loading reference data."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from django.db import transaction
from django.utils import timezone

from apps.accounts import audit
from apps.accounts.models import User
from apps.common.errors import DomainError
from apps.reference import delegation_files, route_files, routes, shipped, snapshots
from apps.reference.delegation_files import DelegationFile
from apps.reference.differences import Difference
from apps.reference.models import Family
from apps.reference.moves import Move, moves
from apps.reference.regions import region_map_for
from apps.reference.route_files import RouteFile

DATE_TOLERANCE = timedelta(days=7)  # files date a day or two before they are published


@dataclass(frozen=True)
class LoadedFile:
    """One file and what it changed; `difference` is None where the same was loaded before."""

    file: DelegationFile
    difference: Difference | None
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class LoadResult:
    """What a load changed. Regions may differ on the days from `changed_from` (date.min: all days so far) up to, not
    including, `changed_to` (date.max: open); both None where nothing changed. `moves` compares the day of the load."""

    day: date
    files: tuple[LoadedFile, ...]
    moves: tuple[Move, ...]
    changed_from: date | None
    changed_to: date | None


def load_delegations(*, paths: Sequence[Path], day: date) -> LoadResult:
    """Store RIR files as the snapshot of a day, one file per registry; registries without a file carry over.

    All files are stored or none. Whoever holds figures by region must redo the days named by the result, in the same
    transaction (observations.services does).
    """
    return load(files=[delegation_files.read(path) for path in paths], day=day)


def load_shipped_delegations() -> LoadResult:
    """Store the snapshot that comes with the portal, as of its own day."""
    day, files = shipped.unpack()
    return load(files=files, day=day)


@transaction.atomic
def load(*, files: Sequence[DelegationFile], day: date) -> LoadResult:
    """Store read files as the snapshot of a day."""
    _require_past(day)
    _require_one_per_registry(files)
    before = region_map_for(day)
    loaded = tuple(_load_file(file, day) for file in files)
    differences = [one.difference for one in loaded if one.difference]
    return LoadResult(
        day=day,
        files=loaded,
        moves=tuple(moves(before, region_map_for(day))),
        changed_from=min((one.first for one in differences), default=None),
        changed_to=max((one.last for one in differences), default=None),
    )


def _load_file(file: DelegationFile, day: date) -> LoadedFile:
    return LoadedFile(file, snapshots.put(file.registry, day, file.rows), (*file.warnings, *_date_warnings(file, day)))


def _date_warnings(file: DelegationFile, day: date) -> list[str]:
    if file.file_date is None or abs(file.file_date - day) <= DATE_TOLERANCE:
        return []
    return [f"the file says it is of {file.file_date}, not of {day}"]


def _require_past(day: date) -> None:
    if day > timezone.now().date() + timedelta(days=1):  # it is tomorrow already somewhere
        raise DomainError(f"{day} has not come yet; a snapshot says what was registered.", code="future_snapshot")


def _require_one_per_registry(files: Sequence[DelegationFile]) -> None:
    names: dict[int, str] = {}
    for file in files:
        if file.registry in names:
            raise DomainError(f"{names[file.registry]} and {file.name} are both of {file.registry.label}.", code="registry_twice")
        names[file.registry] = file.name


@dataclass(frozen=True)
class LoadedRoutes:
    """The routes of one family in one file and what they changed; `difference` is None where the same was loaded before."""

    file: RouteFile
    family: Family
    difference: Difference | None

    @property
    def prefixes(self) -> int:
        return int(self.file.tables[self.family].num_rows)


def load_routes(*, paths: Sequence[Path], day: date, by: User | None = None) -> tuple[LoadedRoutes, ...]:
    """Store tables of routes as the snapshots of a day, one file per address family or one for both; a family without a
    file carries over. All files are stored or none. No count depends on them, so nothing is rolled up again."""
    _require_past(day)
    files = [route_files.read(path) for path in paths]
    _require_one_per_family(files)
    with transaction.atomic():
        return tuple(_load_family(file, family, day, by) for file in files for family in file.tables)


def _load_family(file: RouteFile, family: Family, day: date, by: User | None) -> LoadedRoutes:
    difference = routes.put(family, day, file.tables[family], file.name[:200])
    loaded = LoadedRoutes(file, family, difference)
    if difference:
        counts = {"prefixes": loaded.prefixes, "added": difference.added, "removed": difference.removed}
        audit.record(by=by, action="routes.loaded", target=f"{family.label} {day}", file=file.name, **counts)
    return loaded


def _require_one_per_family(files: Sequence[RouteFile]) -> None:
    names: dict[Family, str] = {}
    for file in files:
        if not file.tables:
            raise DomainError(f"{file.name} holds no prefix that can be used.", code="no_prefixes")
        for family in file.tables:
            if family in names:
                raise DomainError(f"{names[family]} and {file.name} both hold {family.label} prefixes.", code="family_twice")
            names[family] = file.name
