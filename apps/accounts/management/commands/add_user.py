"""Add a user who can sign in."""

import sys
from argparse import ArgumentParser
from getpass import getpass
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from apps.accounts import services
from apps.accounts.models import Organisation, Role


class Command(BaseCommand):
    help = "Add a user; the password is asked for, or read from standard input."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("user", help="user name")
        parser.add_argument("--organisation", required=True)
        parser.add_argument("--role", dest="roles", action="append", choices=Role.values, default=[], help="may be given more than once")
        parser.add_argument("--email", default="")
        parser.add_argument("--language", choices=["ja", "en"], default="ja")

    def handle(self, **options: Any) -> None:
        organisation = Organisation.objects.filter(name=options["organisation"]).first()
        if organisation is None:
            raise CommandError(f"There is no organisation {options['organisation']!r}; see add_organisation.")
        try:
            user = services.add_user(
                username=options["user"],
                password=_password(),
                organisation=organisation,
                roles=options["roles"],
                email=options["email"],
                language=options["language"],
            )
        except ValidationError as error:
            raise CommandError("; ".join(error.messages)) from error
        self.stdout.write(f"Added {user.username}.")


def _password() -> str:
    return getpass() if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
