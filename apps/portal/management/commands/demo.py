import os
import subprocess
import time
import urllib.error
import urllib.request
from argparse import ArgumentParser
from collections.abc import Sequence
from io import StringIO
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from apps.observations.models import Batch
from apps.portal import demo, demo_settings, health
from apps.reference.models import Snapshot
from tsubame_portal import parts, supervisor

START_TIMEOUT_S = 60
PROGRESS_EVERY_S = 2


class Command(BaseCommand):
    help = "Run the portal with real sample data, a mail server, a registry and a scanning service of its own, until Ctrl-C."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=settings.PORT)

    def handle(self, *args: Any, port: int, **options: Any) -> None:
        try:
            demo_settings.settle()
            with parts.only_one():
                parts.require_free(port)
                self._prepare()
                self._serve(port)
        except (parts.NotReadyError, supervisor.PartEndedError) as error:
            raise CommandError(str(error)) from error
        except KeyboardInterrupt:
            self.stdout.write("\nStopped.")

    def _prepare(self) -> None:
        self._say("Preparing database and static files …")
        parts.prepare()
        if not Snapshot.objects.exists():
            call_command("load_delegations", "--shipped", stdout=StringIO())
        demo.populate()

    def _serve(self, port: int) -> None:
        wanted = [
            parts.command("mail_standin"),
            parts.command("rdap_standin", "--port", str(demo_settings.rdap_port()), "--whois-port", str(demo_settings.whois_port())),
            parts.command("shodan_standin", "--port", str(demo_settings.shodan_port())),
            parts.web(port),
            parts.worker(),
            parts.beat(),
        ]
        with supervisor.running(wanted, logs=settings.VAR_DIR / "log", environment=parts.environment()) as started:
            url = f"http://{parts.HOST}:{port}"
            self._wait_for(url, started)
            self._import(url, started)
            self._wait_for_rollup(started)
            self._look_up(started)
            self._welcome(url)
            supervisor.watch(started)

    def _wait_for(self, url: str, started: Sequence[supervisor.Running]) -> None:
        deadline = time.monotonic() + START_TIMEOUT_S
        while not _answers(url):
            supervisor.require_all_alive(started)
            if time.monotonic() > deadline:
                raise parts.NotReadyError(f"The web server did not answer within {START_TIMEOUT_S} s; see {settings.VAR_DIR / 'log'}.")
            time.sleep(0.2)

    def _import(self, url: str, started: Sequence[supervisor.Running]) -> None:
        """Send the sample as the sensors would. Sending it twice adds nothing, so an import that was cut short is repeated whole."""
        done = demo.folder() / "imported"
        if done.exists() and Batch.objects.exists():
            return
        self._say("Sending the sample of nine sensors through the ingest API …")
        self._run(demo.import_command(url), started)
        done.touch()

    def _run(self, command: Sequence[str], started: Sequence[supervisor.Running]) -> None:
        with subprocess.Popen(command, env=os.environ) as process:
            try:
                while process.poll() is None:
                    supervisor.require_all_alive(started)
                    time.sleep(0.2)
            finally:
                process.terminate()
        if process.returncode:
            raise parts.NotReadyError(f"“{' '.join(command[2:4])}” ended with exit code {process.returncode}.")

    def _wait_for_rollup(self, started: Sequence[supervisor.Running]) -> None:
        """Counting goes on in the worker; the page would show less and less of a gap until it is done."""
        total = waiting = health.stale_marks().count()
        if total and not self.stdout.isatty():
            self._say(f"Counting {total} sensor-days …")
        while waiting:
            self._show_progress(total - waiting, total)
            supervisor.require_all_alive(started)
            time.sleep(PROGRESS_EVERY_S)
            waiting = health.stale_marks().count()
        if total:
            self._say(f"Counted {total} sensor-days.     ")

    def _look_up(self, started: Sequence[supervisor.Running]) -> None:
        """Queued once; the worker goes on with it while people look around."""
        done = demo.folder() / "looked-up"
        if not done.exists():
            self._run(demo.look_up_command(), started)
            done.touch()

    def _show_progress(self, done: int, total: int) -> None:
        if self.stdout.isatty():
            self._say(f"Counting: {done} of {total} sensor-days", ending="\r")

    def _welcome(self, url: str) -> None:
        self._say(f"\nTsubame Portal runs on {url}/ — everybody's password is {demo.password()}", ending="\n\n")
        for user in demo.USERS:
            self._say(f"  {user.name:<12} {user.shows}")
        self._say(
            f"\nMail that leaves is kept in {settings.VAR_DIR / 'mail'}, logs in {settings.VAR_DIR / 'log'}. Ctrl-C stops everything."
        )

    def _say(self, text: str, *, ending: str = "\n") -> None:
        self.stdout.write(text, ending=ending)
        self.stdout.flush()


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/healthz", timeout=10):  # noqa: S310  # our own server
            return True
    except urllib.error.HTTPError:
        return True  # it answers; what else is missing shows later
    except OSError:
        return False
