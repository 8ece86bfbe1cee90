"""`manage.py check` finds settings that are dangerous together."""

import os
import subprocess
import sys

import pytest

from apps.portal import checks

PRODUCTION = {
    "BEHIND_TLS": "true",
    "SECRET_KEY": "a-long-key-of-many-different-characters-0123456789-abcdefghij",
    "ALLOWED_HOSTS": "portal.example",
    "MAIL_FROM": "csirt@portal.example",
    "CSIRT_PREFIX": "CSIRT-EX",
    "CSIRT_NAME_EN": "Example CSIRT",
    "CSIRT_NAME_JA": "Example CSIRT",
    "DEMO": "false",
    "DEBUG": "false",
    "DJANGO_SETTINGS_MODULE": "tsubame_portal.settings",
}


def check(**changes: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    # A browser test before this one leaves DJANGO_ALLOW_ASYNC_UNSAFE behind, which production must not have.
    inherited = {name: value for name, value in os.environ.items() if name != "DJANGO_ALLOW_ASYNC_UNSAFE"}
    return subprocess.run(command, env={**inherited, **PRODUCTION, **changes}, capture_output=True, text=True, check=False)


def test_production_settings_raise_no_warning():
    done = check()
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"SECRET_KEY": ""}, "portal.W001"),
        ({"BEHIND_TLS": "false"}, "portal.W002"),
        ({"ALLOWED_HOSTS": "*"}, "portal.E003"),
        ({"DEMO": "true"}, "portal.E004"),
        ({"DEMO": "true", "SMTP_HOST": "mail.example"}, "coordination.E001"),
        ({"DEBUG": "true"}, "portal.E001"),
    ],
)
def test_what_is_missing_for_production_is_named(changes, expected):
    done = check(**changes)
    assert done.returncode == 1
    assert expected in done.stderr


def test_debugging_and_demo_are_for_this_machine_only(settings):
    settings.DEBUG = settings.DEMO = True
    settings.BEHIND_TLS, settings.ALLOWED_HOSTS = False, ["localhost", "127.0.0.1"]
    assert checks.exposed_debugging() == checks.exposed_demo() == []
    settings.ALLOWED_HOSTS = ["portal.example"]
    assert [problem.id for problem in [*checks.exposed_debugging(), *checks.exposed_demo()]] == ["portal.E001", "portal.E002"]
