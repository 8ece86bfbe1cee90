from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from apps.accounts.models import User
from tsubame_portal import parts, supervisor


class Command(BaseCommand):
    help = "Serve the portal on this installation's data: web server, Celery worker and beat, until Ctrl-C."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=settings.PORT)

    def handle(self, *args: Any, port: int, **options: Any) -> None:
        if settings.DEMO:
            raise CommandError(f"{settings.VAR_DIR} holds the demo. Use `make demo`, or set TSUBAME_VAR to a folder for your own data.")
        try:
            with parts.only_one():
                self._serve(port)
        except (parts.NotReadyError, supervisor.PartEndedError) as error:
            raise CommandError(str(error)) from error
        except KeyboardInterrupt:
            self.stdout.write("\nStopped.")

    def _serve(self, port: int) -> None:
        parts.require_free(port)
        parts.prepare(verbosity=1)
        if not User.objects.exists():
            self.stdout.write("Nobody can sign in yet; see “First accounts” in docs/operation.md.")
        wanted = [parts.web(port), parts.worker(), parts.beat()]
        with supervisor.running(wanted, logs=settings.VAR_DIR / "log", environment=parts.environment()) as started:
            self.stdout.write(f"Serving on http://{parts.HOST}:{port}/, logs in {settings.VAR_DIR / 'log'}; Ctrl-C stops everything.")
            supervisor.watch(started)
