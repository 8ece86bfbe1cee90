from typing import Any

from django.core.management.base import BaseCommand

from tsubame_portal import locale


class Command(BaseCommand):
    help = "Compile the translations that have changed (without gettext's programs)."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        for path in locale.compile_stale():
            self.stdout.write(f"Compiled {path}")
