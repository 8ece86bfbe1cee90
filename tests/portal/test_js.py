"""The pure functions of static/js/lib, tested by node itself."""

import subprocess
from pathlib import Path

from tsubame_portal import assets

TESTS = Path(__file__).parent / "js"


def test_the_pure_functions_of_the_pages_scripts():
    files = sorted(map(str, TESTS.glob("*.test.js")))
    done = subprocess.run([assets.node(), "--test", *files], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
