"""List the API tokens of a user, and revoke one."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from knox.models import AuthToken

from apps.accounts import services


class Command(BaseCommand):
    help = "List the API tokens of a user by their first characters, or revoke one of them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("user", help="user name")
        parser.add_argument("--revoke", metavar="START", help="first characters of the token, as listed")

    def handle(self, **options: Any) -> None:
        tokens = AuthToken.objects.filter(user__username=options["user"]).order_by("created")
        if options["revoke"] is None:
            for token in tokens:
                self.stdout.write(_line(token))
            return
        chosen = tokens.filter(token_key=options["revoke"]).first()
        if chosen is None:
            raise CommandError(f"{options['user']!r} has no token {options['revoke']!r}.")
        services.revoke_token(token=chosen)
        self.stdout.write(f"Revoked {chosen.token_key}.")


def _line(token: AuthToken) -> str:
    until = f"until {token.expiry:%Y-%m-%d}" if token.expiry else "without end"
    return f"{token.token_key} made {token.created:%Y-%m-%d}, {until}"
