#!/usr/bin/env python
"""Run a Django command against the portal's database, starting the embedded servers when none run."""

import os
import signal
import sys

from tsubame_portal import embedded


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tsubame_portal.settings")
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _leave)
    from django.core.management import execute_from_command_line

    try:
        with embedded.servers_for(sys.argv[1:]):
            execute_from_command_line(sys.argv)
    except embedded.EmbeddedServerError as error:
        sys.exit(str(error))


def _leave(number: int, _frame: object) -> None:
    """Leave by way of every `finally`, so that servers and other processes are stopped."""
    sys.exit(128 + number)


if __name__ == "__main__":
    main()
