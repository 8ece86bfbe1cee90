"""Tables of routes loaded for a test."""

from datetime import date

from django.db import transaction

from apps.reference import route_files, routes


def load(day: date, table: dict[str, str]) -> None:
    """The prefixes and origins of a day, IPv4 and IPv6 as they come."""
    text = "\n".join(f"{prefix}\t{origin}" for prefix, origin in table.items())
    file = route_files.parse(f"{day}.dat", text.encode())
    with transaction.atomic():
        for family, rows in file.tables.items():
            routes.put(family, day, rows, file.name)
