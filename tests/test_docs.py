"""README.md and docs/ name every setting, command, Makefile target and API route there is."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import get_commands
from django.urls import URLPattern, URLResolver

from tsubame_portal import api_urls

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
FOLDERS = ("apps", "bench", "docs", "locale", "static", "templates", "tests", "tsubame_portal")
FILES = [str(path.relative_to(ROOT)) for folder in FOLDERS for path in (ROOT / folder).rglob("*.*")] + ["manage.py", "package.json"]
READERS = re.compile(r'env_(?:str|int|bool|list|secret)\(\s*"([A-Z_]+)"|environ\.get\("(TSUBAME_[A-Z]+)"')
WITH_FILE = re.compile(r'env_secret\(\s*"([A-Z_]+)"')


def settings() -> set[str]:
    sources = [path.read_text() for folder in ("tsubame_portal", "apps") for path in (ROOT / folder).rglob("*.py")]
    names = {name for source in sources for pair in READERS.findall(source) for name in pair if name}
    return names | {f"{name}_FILE" for source in sources for name in WITH_FILE.findall(source)}


def commands() -> list[str]:
    return sorted(name for name, app in get_commands().items() if str(app).startswith("apps."))


def targets() -> list[str]:
    return re.findall(r"^([a-z]+):.*#:", (ROOT / "Makefile").read_text(), re.MULTILINE)


def routes(patterns: list, prefix: str = "/api/v1/") -> Iterator[str]:
    pattern: URLPattern | URLResolver
    for pattern in patterns:
        path = prefix + re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", str(pattern.pattern))
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, path)
        else:
            yield path


@pytest.fixture(scope="module")
def text() -> str:
    return "\n".join(path.read_text() for path in PAGES)


def test_there_is_something_to_compare():
    assert {"TSUBAME_VAR", "DATABASE_URL", "SECRET_KEY_FILE"} <= settings()
    assert {"demo", "serve", "add_sensor"} <= set(commands())
    assert {"demo", "test", "help"} <= set(targets())
    assert "/api/v1/ingest/batches/{uuid}" in set(routes(api_urls.urlpatterns))


@pytest.mark.parametrize("name", sorted(settings()))
def test_every_setting_is_on_the_page_of_settings(name):
    assert re.search(rf"`{name}`", (ROOT / "docs" / "configuration.md").read_text())


@pytest.mark.parametrize("name", commands())
def test_every_command_is_described(name, text):
    assert re.search(rf"\b{name}\b", text)


@pytest.mark.parametrize("name", targets())
def test_every_make_target_is_described(name, text):
    assert f"make {name}" in text


@pytest.mark.parametrize("route", list(routes(api_urls.urlpatterns)))
def test_every_api_route_is_described(route, text):
    assert route in text


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_between_pages_lead_somewhere(page):
    for target in re.findall(r"\]\((?!https?://|#)([^)#\s]+)", page.read_text()):
        assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_are_called_what_they_are_called(page):
    for name in re.findall(r"`(?!var/)([\w./-]+\.(?:py|html|js|css|json|png))`", page.read_text()):
        assert page.name == "assets.md" or any(f"/{path}".endswith(f"/{name}") for path in FILES), name


def test_every_page_is_in_the_index():
    index = (ROOT / "docs" / "README.md").read_text()
    for page in PAGES[1:]:
        assert page.name == "README.md" or re.search(rf"\]\({page.relative_to(ROOT / 'docs')}[)#]", index), page


def test_the_places_named_for_addresses_are_there():
    table = (ROOT / "docs" / "architecture.md").read_text().partition("## Where do I find")[2]
    places = re.findall(r"`((?:apps|templates|static|tsubame_portal)/[\w./-]*)`", table)
    assert len(places) > 20
    assert [place for place in places if not (ROOT / place).exists()] == []


@pytest.mark.parametrize("script", [path.stem for path in (ROOT / "bench").glob("*.py") if "__main__" in path.read_text()])
def test_every_benchmark_is_described(script):
    assert f"`bench.{script}`" in (ROOT / "docs" / "benchmarks.md").read_text()


def test_dependencies_are_each_given_a_reason():
    reasons = (ROOT / "docs" / "decisions" / "dependencies.md").read_text()
    for name in direct_dependencies():
        assert f"| {name} |" in reasons, name


def direct_dependencies() -> list[str]:
    lines = [line for name in ("requirements.in", "requirements-dev.in") for line in (ROOT / name).read_text().splitlines()]
    python = [re.split(r"[\[~=<> ]", line)[0] for line in lines if line and line[0] not in "#-"]
    npm = re.search(r'"dependencies": {([^}]*)}', (ROOT / "package.json").read_text())
    assert npm
    return python + re.findall(r'"([^"]+)":', npm[1])
