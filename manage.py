#!/usr/bin/env python
"""Run a Django command against the portal's database, starting the embedded servers when none run."""

import os
import sys

from tsubame_portal import embedded


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tsubame_portal.settings")
    from django.core.management import execute_from_command_line

    with embedded.servers_for(sys.argv[1:]):
        execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
