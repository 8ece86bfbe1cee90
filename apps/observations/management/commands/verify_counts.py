"""Check that flows, segments and counts agree."""

from argparse import ArgumentParser
from datetime import date

from django.core.management.base import BaseCommand, CommandError

from apps.observations.counting.verification import problems


class Command(BaseCommand):
    help = "Compute the counts of some days a second time, in another way, and name what differs. Changes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("first", type=date.fromisoformat, help="first reporting day, YYYY-MM-DD")
        parser.add_argument("last", type=date.fromisoformat, help="last reporting day, included; its months are checked whole")

    def handle(self, *args: object, first: date, last: date, **options: object) -> None:
        found = 0
        for problem in problems(first, last):
            found += 1
            self.stdout.write(problem)
        if found:
            raise CommandError(f"{found} disagreements; `manage.py rollup --rebuild --from {first} --to {last}` makes the counts anew.")
        self.stdout.write("Flows, segments and counts agree.")
