"""System checks of the mail settings."""

import pytest

from apps.coordination import checks


def found(settings, **changes):
    for name, value in changes.items():
        setattr(settings, name, value)
    return [problem.id for check in (checks.demo_stays_at_home, checks.mail_can_be_spoken, checks.names_are_set) for problem in check(None)]


GOOD = {"MAIL_FROM": "csirt@csirt.example"}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, []),
        ({"DEMO": True}, []),
        ({"DEMO": True, "SMTP_HOST": "mail.csirt.example"}, ["coordination.E001"]),
        ({"DEMO": True, "SMTP_HOST": "127.0.0.1", "CSIRT_PREFIX": ""}, []),
        ({"SMTP_TLS": "ssl"}, ["coordination.E002"]),
        ({"CSIRT_PREFIX": "X #1]"}, ["coordination.E003"]),
        ({"SMTP_USER": "u", "SMTP_HOST": "mail.csirt.example"}, ["coordination.E004"]),
        ({"SMTP_USER": "u", "SMTP_HOST": "mail.csirt.example", "SMTP_TLS": "starttls"}, []),
        ({"CSIRT_PREFIX": "", "CSIRT_NAME_JA": ""}, ["coordination.E005", "coordination.E005"]),
        ({"MAIL_FROM": "csirt@csirt.invalid"}, ["coordination.E005"]),
    ],
)
def test_dangerous_settings_are_found(settings, changes, expected):
    assert found(settings, **(GOOD | changes)) == expected
