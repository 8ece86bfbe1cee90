"""The tests of static/js/lib, which node runs."""

import subprocess
from pathlib import Path

import pytest

from tsubame_portal import assets

TESTS = sorted(Path(__file__).parent.rglob("js/*.test.js"))


def test_there_are_tests_to_run():
    assert TESTS


@pytest.mark.parametrize("path", TESTS, ids=lambda path: path.name)
def test_javascript(path):
    done = subprocess.run([assets.node(), "--test", path], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
