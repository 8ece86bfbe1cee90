"""Settings come from the environment, then from settings.env of the data folder, and bad values are named."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from tsubame_portal import env


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("TSUBAME_VAR", str(tmp_path))
    return tmp_path


def test_the_environment_wins_over_the_file_and_the_file_over_the_default(folder, monkeypatch):
    assert env.env_str("COLOUR", "red") == "red"
    (folder / "settings.env").write_text("# chosen by nobody\n\nCOLOUR = blue\nSHAPE=round=ish\n")
    assert env.env_str("COLOUR", "red") == "blue"
    assert env.env_str("SHAPE") == "round=ish"
    monkeypatch.setenv("COLOUR", "green")
    assert env.env_str("COLOUR", "red") == "green"


@pytest.mark.parametrize(("text", "expected"), [("true", True), ("1", True), (" Yes ", True), ("off", False), ("", False)])
def test_booleans_are_read_as_people_write_them(monkeypatch, text, expected):
    monkeypatch.setenv("FLAG", text)
    assert env.env_bool("FLAG", default=not expected) is expected


@pytest.mark.parametrize(
    ("read", "value", "message"),
    [
        (lambda: env.env_bool("SETTING", False), "maybe", "SETTING must be true or false, not 'maybe'"),
        (lambda: env.env_int("SETTING", 1), "many", "SETTING must be a whole number, not 'many'"),
        (lambda: env.env_int("SETTING", 1, minimum=1), "0", "SETTING must be at least 1, not 0"),
    ],
)
def test_a_bad_value_is_named(monkeypatch, read, value, message):
    monkeypatch.setenv("SETTING", value)
    with pytest.raises(ImproperlyConfigured, match=message):
        read()


def test_lists_are_cut_at_commas(monkeypatch):
    monkeypatch.setenv("NAMES", "one, two ,,three")
    assert env.env_list("NAMES") == ["one", "two", "three"]


def test_a_secret_may_lie_in_a_file(folder, monkeypatch):
    (folder / "secret").write_text("hush\n")
    monkeypatch.setenv("TOKEN_FILE", str(folder / "secret"))
    assert env.env_secret("TOKEN", "default") == "hush"
    monkeypatch.setenv("TOKEN_FILE", str(folder / "missing"))
    with pytest.raises(ImproperlyConfigured, match="TOKEN_FILE names .*missing, which cannot be read: No such file"):
        env.env_secret("TOKEN")
