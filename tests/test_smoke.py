import pytest
from django.conf import settings
from django.db import connection


@pytest.mark.django_db
def test_the_database_of_the_tests_is_postgresql_18():
    assert connection.vendor == "postgresql"
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version_num")
        assert int(cursor.fetchone()[0]) >= 180000


def test_the_tests_run_on_their_own_settings():
    assert settings.PASSWORD_HASHERS == ["django.contrib.auth.hashers.MD5PasswordHasher"]
