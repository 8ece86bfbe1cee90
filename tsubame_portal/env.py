"""Typed readers of settings that name the setting when its value is bad.

A setting is an environment variable; where the environment does not give it, `settings.env` in the data folder may
(one NAME=value a line). The demo writes that file, so that every command on its data knows that it is a demo.
"""

import os
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent
_TRUE, _FALSE = {"1", "true", "yes", "on"}, {"0", "false", "no", "off", ""}


def var_dir() -> Path:
    """The folder of everything this installation keeps on disk: TSUBAME_VAR, else `var/` of the checkout."""
    return Path(os.environ.get("TSUBAME_VAR") or BASE_DIR / "var").resolve()


def settings_file() -> Path:
    return var_dir() / "settings.env"


def env_str(name: str, default: str = "") -> str:
    value = os.environ.get(name)
    return _from_file().get(name, default) if value is None else value


def env_bool(name: str, default: bool) -> bool:
    value = env_str(name, str(default)).strip().lower()
    if value not in _TRUE | _FALSE:
        raise ImproperlyConfigured(f"{name} must be true or false, not {value!r}.")
    return value in _TRUE


def env_int(name: str, default: int, *, minimum: int = 0) -> int:
    value = env_str(name, str(default))
    try:
        number = int(value)
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} must be a whole number, not {value!r}.") from error
    if number < minimum:
        raise ImproperlyConfigured(f"{name} must be at least {minimum}, not {number}.")
    return number


def env_list(name: str, default: str = "") -> list[str]:
    return [part.strip() for part in env_str(name, default).split(",") if part.strip()]


def env_secret(name: str, default: str = "") -> str:
    """The value of NAME, or the content of the file named by NAME_FILE (Docker and systemd secrets)."""
    path = env_str(f"{name}_FILE")
    if not path:
        return env_str(name, default)
    try:
        return Path(path).read_text().strip()
    except OSError as error:
        raise ImproperlyConfigured(f"{name}_FILE names {path}, which cannot be read: {error.strerror}.") from error


def _from_file() -> dict[str, str]:
    path = settings_file()
    if not path.exists():
        return {}
    lines = (line.strip() for line in path.read_text().splitlines())
    pairs = (line.partition("=") for line in lines if line and not line.startswith("#"))
    return {name.strip(): value.strip() for name, _, value in pairs}
