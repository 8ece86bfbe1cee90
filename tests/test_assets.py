"""Static files of npm packages, their names in production, and translations."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tsubame_portal import assets, locale

ROOT = Path(__file__).resolve().parent.parent
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))


@pytest.fixture(scope="module")
def collected(tmp_path_factory) -> dict[str, str]:
    """Static file → its name with digest, as production collects them."""
    var = tmp_path_factory.mktemp("collected")
    command = [sys.executable, "manage.py", "collectstatic", "--noinput"]
    environment = {**os.environ, "TSUBAME_VAR": str(var), "DJANGO_SETTINGS_MODULE": "tsubame_portal.settings"}
    subprocess.run(command, env=environment, check=True, capture_output=True)
    paths: dict[str, str] = json.loads((var / "static" / "staticfiles.json").read_text())["paths"]
    return paths | {"": str(var / "static")}


def test_every_static_file_that_templates_name_is_there(collected):
    named = {name for path in TEMPLATES for name in re.findall(r"""{%\s*static\s+['"]([^'"]+)['"]""", path.read_text())}
    assert "vendor/tabler.css" in named
    assert named - set(collected) == set()


def test_imports_of_modules_lead_to_names_with_digests(collected):
    folder = Path(collected[""])
    imports = [name for path in (folder / "js").rglob("*.*.js") for name in re.findall(r'from "([^"]+)"', path.read_text())]
    assert imports
    assert all(re.search(r"\.[0-9a-f]{12}\.js$", name) for name in imports), imports


def test_nothing_on_pages_comes_from_another_host():
    outside = re.compile(r"""(?:src|href)=["'](?:https?:)?//""")
    assert [path for path in TEMPLATES if outside.search(path.read_text())] == []
    assert re.findall(r"@import|url\((?:https?:)?//", (assets.VENDOR / "tabler.css").read_text()) == []


def test_vendored_files_name_no_source_map():
    assert [path.name for path in assets.VENDOR.iterdir() if "sourceMappingURL" in path.read_text()] == []


def test_the_lock_file_names_no_registry():
    text = (ROOT / "package-lock.json").read_text()
    assert '"resolved"' not in text
    assert {"chart.js", "htmx.org", "@tabler/core"} <= set(assets.versions())


def test_the_sprite_has_the_icons_it_is_asked_for():
    sprite = assets.sprite(["flag", "world"])
    assert re.findall(r'<symbol id="(\w+)"', sprite) == ["flag", "world"]
    assert sprite.count("<path") > 2
    with pytest.raises(SystemExit, match="no-such-icon"):
        assets.sprite(["no-such-icon"])


def test_the_node_of_the_wheel_can_install_where_the_machine_has_none(monkeypatch):
    monkeypatch.setattr(assets.shutil, "which", lambda _name: None)
    (npm,) = assets.npm_commands()
    assert subprocess.run([*npm, "--version"], capture_output=True, check=True).stdout
    assert subprocess.run([assets.node(), "--version"], capture_output=True, check=True).stdout.startswith(b"v")


def test_npm_gets_a_cache_of_its_own_where_home_is_no_place_to_write(monkeypatch):
    monkeypatch.setenv("HOME", "/nonexistent")
    assert "npm_config_cache" in assets._environment()
    monkeypatch.delenv("HOME")
    assert "npm_config_cache" in assets._environment()


def test_translations_are_compiled_when_they_have_changed(tmp_path, monkeypatch):
    monkeypatch.setattr(locale, "LOCALE", tmp_path)
    source = tmp_path / "ja" / "LC_MESSAGES" / "django.po"
    source.parent.mkdir(parents=True)
    source.write_text('msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\nmsgid "port"\nmsgstr "ポート"\n')
    assert locale.compile_stale() == [source.with_suffix(".mo")]
    assert "ポート".encode() in source.with_suffix(".mo").read_bytes()
    assert locale.compile_stale() == []
